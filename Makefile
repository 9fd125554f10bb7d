# The two commands are `make demo` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# nextest where it is installed, else the runner that comes with Rust.
TEST := $(shell cargo nextest --version >/dev/null 2>&1 && echo 'cargo nextest run' || echo 'cargo test')

.PHONY: help
help: ## What there is to make.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: demo
demo: setup web ## A small CDN on this machine. CHECK=1: check it and end. OPEN=1: open a browser.
	@cargo build --quiet --workspace --bins # As for the tests: what is built for one is there for the other.
	exec target/debug/demo $(if $(CHECK),--check) $(if $(OPEN),--open)

# Machines, mounts and network namespaces are root's, and so are the lab's files.
AS_ROOT := $(if $(filter 0,$(shell id -u)),,sudo)

.PHONY: lab
lab: setup ## Whole machines and networks: the same CDN to play with, until Ctrl-C. TOPOLOGY=folder of tests/lab.
	@cargo build --release --quiet -p appliance -p fleet -p tests --bins
	exec $(AS_ROOT) target/release/lab up $(TOPOLOGY)

.PHONY: test
test: kernel schemathesis ## Every test, and a quarter of a minute of fuzzing for each parser.
	@$(if $(AS_ROOT),echo 'test: not root: the tests of the lab (tests/tests/lab.rs) are skipped' >&2,:)
	$(TEST) --workspace --no-run
	sync # A box that starts waits for its file system, and would wait for what the build has left to it.
	$(TEST) --workspace
	tests/fuzz/run 15

.PHONY: nightly
nightly: export HEADEND_NIGHTLY := 1
nightly: export NEXTEST_PROFILE := nightly
nightly: kernel schemathesis ## The same for longer: ten times as many draws, ten minutes of fuzzing for each parser.
	@$(TEST) --workspace --no-run
	sync
	$(TEST) --workspace
	tests/fuzz/run 600

.PHONY: lint
lint: setup ## Formatting, clippy, licences and sources of dependencies, playbooks.
	@cargo fmt --check
	cargo clippy --workspace --all-targets --quiet -- -D warnings
	setup/deny.sh
	cd ansible && ansible-lint -q

.PHONY: bench
bench: setup ## Ratios against peers, in one run. CASE=name: only that one.
	@cargo build --release --quiet -p appliance -p tests --bins
	tests/bench/peers.sh target/peers
	target/release/bench $(CASE)

.PHONY: clean
clean: ## Removes what was built.
	@[ ! -e target/lab ] || $(AS_ROOT) rm -rf --one-file-system target/lab
	cargo clean
	rm -rf fleet/console/node_modules tests/browser/node_modules

.PHONY: setup
setup:
	@setup/install.sh

.PHONY: kernel
kernel: setup
	@setup/kernel.sh

.PHONY: schemathesis
schemathesis: setup
	@setup/schemathesis.sh

# The players and the browser driver come from the npm registry, pinned by lock files.
.PHONY: web
web: fleet/console/node_modules/.installed tests/browser/node_modules/.installed

%/node_modules/.installed: %/package.json %/package-lock.json
	@cd $* && npm ci --no-audit --no-fund --silent && touch node_modules/.installed
