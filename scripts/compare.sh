#!/usr/bin/env bash
# The batch comparison: trains the article's three models over eight seeds, compares them and draws their curves.
# Started again after whatever stopped it, it goes on where it was.
#   scripts/compare.sh [FOLDER OF ALL RUNS]        the clone's runs/ if left out; results are in its article/
set -euo pipefail
repository=$(cd "$(dirname "$0")/.." && pwd)
runs=$(realpath -m "${1:-$repository/runs}")
cd "$repository"

[ -f node_modules/.package-lock.json ] || npm ci --no-audit --no-fund # npm writes that file last
npm run --silent build

. scripts/wnlstm.sh
wnlstm sweep configs/sweeps/article.json
wnlstm plot article --format svg,png,html
wnlstm plot article --columns loss,accuracy,val_accuracy --out "$runs/article/article.svg"
wnlstm compare article --report "$runs/article/report.html"
