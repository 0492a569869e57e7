#!/bin/sh
# Rebuilds the committed WebAssembly kernel: scripts/build-kernels.sh [OUTPUT]. Needs exactly clang-16 and lld-16:
# another version may give other bytes, and wasm's promise is the same results everywhere.
set -eu
cd "$(dirname "$0")/../src/engines/fused/kernel"
exec clang-16 --target=wasm32 -std=gnu11 -O3 -msimd128 -matomics -mbulk-memory -ffreestanding -nostdlib \
  -fno-math-errno -fno-trapping-math -ffp-contract=off -fvisibility=hidden \
  -Wl,--no-entry -Wl,--export-dynamic -Wl,--export=__heap_base -Wl,--export=__stack_pointer \
  -Wl,--import-memory -Wl,--shared-memory -Wl,--max-memory=4294967296 -Wl,--strip-all \
  -o "${1:-step.wasm}" step.c
