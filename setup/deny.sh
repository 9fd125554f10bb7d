#!/usr/bin/env bash
# cargo-deny: licences, bans and sources always; advisories where their database can be had.
set -euo pipefail
command -v cargo-deny >/dev/null || cargo install --quiet --locked cargo-deny
cargo deny --log-level error check licenses bans sources
if cargo deny --log-level off fetch db >/dev/null 2>&1; then
  cargo deny --log-level error check advisories
else
  echo "lint: the advisory database cannot be reached from here: advisories were not checked" >&2
fi
