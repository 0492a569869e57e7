#!/usr/bin/env bash
# Computes everything that docs/study.md shows: trains its sweeps (498 runs, about an hour on two cores), and writes the
# tables, figures and hashes in docs/study/. If it is interrupted, run it again to resume.
#   scripts/study.sh [RUNS]        RUNS is the folder of all runs (default: runs/ in the clone)
set -euo pipefail
repository=$(cd "$(dirname "$0")/.." && pwd)
runs=$(realpath -m "${1:-$repository/runs}")
cd "$repository"
npm run --silent build

. scripts/wnlstm.sh
for sweep in article confirm clipping pilot; do wnlstm sweep "configs/sweeps/$sweep.json"; done

study=docs/study
# Four panels: validation accuracy has a second panel with wn and wn-clip. The CSV of plotted numbers is not copied.
wnlstm plot article --columns loss,accuracy,val_accuracy --out "$runs/article/article.svg"
cp "$runs/article/article.svg" "$study/"
wnlstm compare article --format csv --figure "$study/article-differences.svg" >"$study/article.csv"
wnlstm compare confirm --format csv --figure "$study/confirm.svg" >"$study/confirm.csv"
pairs=()
for rate in adam-0.001 adam-0.01 sgd-0.1 sgd-1; do pairs+=(--pair "wn none $rate vs base none $rate"); done
pairs+=(--pair "base-rescaled none adam-0.1 vs base none adam-0.1")
for model in base base-rescaled; do
  for clipping in norm global-norm; do pairs+=(--pair "$model $clipping adam-0.1 vs $model none adam-0.1"); done
done
for rate in adam-0.01 sgd-0.1 sgd-1; do pairs+=(--pair "wn norm $rate vs wn none $rate"); done
pairs+=(--pair "base norm sgd-0.1 vs base none sgd-0.1")
for model in base base-rescaled wn; do pairs+=(--pair "$model global-norm sgd-1 vs $model none sgd-1"); done
wnlstm compare clipping --format csv --figure "$study/clipping.svg" "${pairs[@]}" >"$study/clipping.csv"

# Write the SHA-256 of the last weights of every run, by sweep and run.
node -e '
  const { readdirSync, readFileSync, existsSync, writeFileSync } = require("node:fs");
  const [runs, ...sweeps] = process.argv.slice(1);
  const hashes = Object.fromEntries(sweeps.map((sweep) => {
    const ids = readdirSync(`${runs}/${sweep}`).filter((id) => existsSync(`${runs}/${sweep}/${id}/summary.json`));
    const order = (a, b) => a.localeCompare(b, "en", { numeric: true });
    const hash = (id) => JSON.parse(readFileSync(`${runs}/${sweep}/${id}/summary.json`, "utf8")).weights_sha256;
    return [sweep, Object.fromEntries(ids.sort(order).map((id) => [id, hash(id)]))];
  }));
  writeFileSync("docs/study/hashes.json", `${JSON.stringify(hashes, null, 1)}\n`);
' "$runs" article confirm clipping pilot
