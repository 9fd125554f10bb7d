#!/usr/bin/env bash
# Fetches Debian's kernel for virtual machines, which tests boot in an emulator. It is unpacked
# below target/ and not installed: no real machine is to boot it by itself. SKIP_SETUP=1 fetches
# nothing and says that it is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${CARGO_TARGET_DIR:-target}/guest
[ ! -e "$folder/vmlinuz" ] || exit 0
if [ "${SKIP_SETUP:-}" = 1 ]; then
  echo "setup: SKIP_SETUP=1, and $folder/vmlinuz is missing" >&2
  exit 1
fi

# The package of that name only says which kernel is the newest.
fetch() {
  local package
  package=$(apt-cache depends linux-image-cloud-amd64 | awk '$1 == "Depends:" { print $2; exit }')
  [ -n "$package" ] && (cd "$1" && apt-get download -qq "$package")
}

mkdir -p "$folder"
draft=$(mktemp -d "$folder/draft.XXXXXX")
trap 'rm -rf "$draft"' EXIT
if ! fetch "$draft" 2>/dev/null; then
  # What apt knows is missing, or older than what there is.
  as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  "${as_root[@]}" apt-get update -qq
  fetch "$draft"
fi
dpkg-deb --extract "$draft"/*.deb "$draft/root"
mv "$draft"/root/boot/vmlinuz-* "$folder/vmlinuz"
