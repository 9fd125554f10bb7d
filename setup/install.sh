#!/usr/bin/env bash
# Installs the system packages that packages.txt lists and this machine lacks. Asks once,
# where there is a terminal to ask at. SKIP_SETUP=1 installs nothing and says what is missing.
set -euo pipefail
cd "$(dirname "$0")"

# What a package brings counts, wherever it came from: Node.js need not be Debian's.
provided() {
  case "$1" in
    nodejs) command -v node ;;
    npm) command -v npm ;;
    nginx-light) command -v nginx || [ -x /usr/sbin/nginx ] ;;
    *) dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null | grep -q '^ii' ;;
  esac >/dev/null 2>&1
}

missing=()
while read -r package; do
  case "$package" in '' | '#'*) continue ;; esac
  provided "$package" || missing+=("$package")
done <packages.txt
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "${SKIP_SETUP:-}" = 1 ]; then
  echo "setup: SKIP_SETUP=1, and these packages are missing: ${missing[*]}" >&2
  exit 1
fi
echo "setup: these Debian packages are needed and missing: ${missing[*]}" >&2
if [ -t 0 ] && [ -t 2 ]; then
  read -r -p "setup: install them now? [Y/n] " answer
  case "$answer" in [Nn]*) echo "setup: install them yourself, then try again" >&2; exit 1 ;; esac
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "setup: neither root nor sudo: install them yourself" >&2; exit 1; }
  as_root=(sudo)
fi
"${as_root[@]}" apt-get update -qq
# Nothing that a package brings is started: the tests start what they need, on free ports, and a
# name server that began to answer on port 53 would be in somebody's way.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 755 "$policy"
fi
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
