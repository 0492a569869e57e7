#!/usr/bin/env bash
# Trains the article's three models with eight seeds, compares them and draws their learning curves.
# If it is interrupted, run it again to resume.
#   scripts/compare.sh [RUNS]        RUNS is the folder of all runs (default: runs/ in the clone); results are in RUNS/article/
set -euo pipefail
repository=$(cd "$(dirname "$0")/.." && pwd)
runs=$(realpath -m "${1:-$repository/runs}")
cd "$repository"

[ -f node_modules/.package-lock.json ] || npm ci --no-audit --no-fund # npm writes this file last
npm run --silent build

. scripts/wnlstm.sh
wnlstm sweep configs/sweeps/article.json
wnlstm plot article --format svg,png,html
wnlstm plot article --columns loss,accuracy,val_accuracy --out "$runs/article/article.svg"
wnlstm compare article --report "$runs/article/report.html"
