#!/usr/bin/env bash
# Installs Schemathesis, which asks the API what its description says can be asked, and what it does
# not. Everything that it needs has its version in schemathesis.txt and goes below target/, into an
# environment of Python's. SKIP_SETUP=1 fetches nothing and says that it is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${CARGO_TARGET_DIR:-target}/schemathesis
wanted=setup/schemathesis.txt
# What is installed there names its folder: where that was moved, it is installed anew.
installed() { realpath -m "$folder" && cat "$wanted"; }
cmp -s <(installed) "$folder/installed.txt" && exit 0
if [ "${SKIP_SETUP:-}" = 1 ]; then
  echo "setup: SKIP_SETUP=1, and $folder is missing or old" >&2
  exit 1
fi

# Debian's own first: another one need not be able to make environments.
for python in /usr/bin/python3 python3; do
  "$python" -m venv --clear "$folder" && break
done
"$folder/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$wanted"
"$folder/bin/pip" check >/dev/null
installed >"$folder/installed.txt"
