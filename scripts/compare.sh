#!/usr/bin/env bash
# The batch comparison: trains the article's three models over eight seeds, compares them and draws their curves.
# Started again after whatever stopped it, it goes on where it was.
#   scripts/compare.sh [FOLDER OF ALL RUNS]        runs/ if left out; results are in its article/
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${1:-runs}

[ -d node_modules ] || npm ci --no-audit --no-fund
npm run --silent build

node bin/wnlstm.js sweep configs/sweeps/article.json --runs "$runs"
node bin/wnlstm.js plot article --runs "$runs" --format svg,png,html
node bin/wnlstm.js compare article --runs "$runs" --report "$runs/article/report.html"
