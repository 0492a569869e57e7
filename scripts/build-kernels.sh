#!/bin/sh
# Builds the kernels for all platforms into prebuilt/ or another folder: scripts/build-kernels.sh [FOLDER]. Needs zig
# 0.17.1, because other versions give other bytes: `pip install ziglang==0.17.1`, or set ZIG to the program.
set -eu
: "${ZIG:=python3 -m ziglang}"
kernel=$(cd "$(dirname "$0")/../src/engines/fused/kernel" && pwd)
cuda=$(cd "$kernel/../../cuda/kernel" && pwd)
mkdir -p "${1:-$kernel/../prebuilt}"
cd "${1:-$kernel/../prebuilt}" # some linkers write the output path into the file, so the path is only a name
export SOURCE_DATE_EPOCH=0 # the linker for Windows writes a timestamp into the file
version=$($ZIG version)
[ "$version" = 0.17.1 ] || { echo "expected zig 0.17.1, got $version" >&2; exit 1; }
objects=$(mktemp -d)
trap 'rm -r "$objects"' EXIT

compile() { # TARGET CPU SOURCE OPTION...
  target=$1 cpu=$2 source=$3
  shift 3
  # shellcheck disable=SC2086
  $ZIG cc -target "$target" -mcpu="$cpu" -std=gnu11 -O3 -g0 -fvisibility=hidden -fno-math-errno -fno-trapping-math \
    -ffp-contract=off -fno-sanitize=all -fno-stack-protector "$@" "$kernel/$source"
}
library() { # NAME TARGET CPU OPTION...
  name=$1 target=$2 cpu=$3
  shift 3
  compile "$target" "$cpu" step.c -fPIC -c -o "$objects/step.o"
  set -- "$objects/step.o" "$@"
  case $target in x86_64-*)
    compile "$target" x86_64 cpu.c -fPIC -c -o "$objects/cpu.o"
    set -- "$objects/cpu.o" "$@"
    ;;
  esac
  $ZIG cc -target "$target" -shared -s -nostdlib -o "$name" "$@"
}
wasm() { # NAME CPU
  compile wasm32-freestanding "$2" step.c -ffreestanding -nostdlib -o "$1" -Wl,--no-entry -Wl,--export-dynamic \
    -Wl,--export=__heap_base -Wl,--export=__stack_pointer -Wl,--import-memory -Wl,--shared-memory \
    -Wl,--max-memory=4294901760 -Wl,-z,stack-size=65536 -Wl,--strip-all
}
# The CUDA kernels, as text that the GPU's driver compiles. Clang knows limits of threads only in its CUDA mode, which zig
# does not have, so they are written into the text here.
ptx() { # NAME
  (cd "$cuda" && $ZIG c++ -target nvptx64-cuda -Xclang -target-cpu -Xclang sm_75 -Xclang -target-feature -Xclang +ptx63 \
    -Xclang -fcuda-short-ptr -mllvm -nvptx-short-ptr -std=c++17 -O3 -g0 -ffreestanding -nostdinc++ -fno-math-errno \
    -fno-trapping-math -ffp-contract=off -fno-sanitize=all -Wno-unused-command-line-argument -S -x c++ kernels.cu \
    -o "$objects/cuda.ptx")
  sed -n 's/^KERNEL(\([0-9]*\)) \([a-z_0-9]*\)(.*/\1 \2/p' "$cuda/kernels.cu" | while read -r threads entry; do
    sed -i "/^\.visible \.entry $entry(/,/^)/ s/^)/)\n.maxntid $threads, 1, 1\n.minnctapersm 1/" "$objects/cuda.ptx"
  done
  cp "$objects/cuda.ptx" "$1"
}

library linux-x64-avx2.so x86_64-linux-musl x86_64_v3
library linux-x64-avx512.so x86_64-linux-musl x86_64_v4
library linux-arm64.so aarch64-linux-musl generic
library darwin-x64-avx2.dylib x86_64-macos x86_64_v3 -Wl,-install_name,@rpath/darwin-x64-avx2.dylib
library darwin-arm64.dylib aarch64-macos apple_m1 -Wl,-install_name,@rpath/darwin-arm64.dylib
library win32-x64-avx2.dll x86_64-windows-gnu x86_64_v3 -lkernel32 -lapi-ms-win-core-synch-l1-2-0
library win32-arm64.dll aarch64-windows-gnu generic -lkernel32 -lapi-ms-win-core-synch-l1-2-0
rm ./*.lib
wasm fused.wasm generic+simd128+relaxed_simd+atomics+bulk_memory
wasm unfused.wasm generic+simd128+atomics+bulk_memory
ptx cuda.ptx
sha256sum ./*.dll ./*.dylib ./*.ptx ./*.so ./*.wasm | sed 's|\./||' > SHA256SUMS
