# Everything a user or developer types; each line is short, the work is in the commands they call.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup setup-tests run flash test check lint bench soak vendor clean

# Neither another project's Python nor a personal setting of Python may change what happens here.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV PYTHONUNBUFFERED PYTHONDONTWRITEBYTECODE
export PYTHONNOUSERSITE := 1
# Debian keeps mosquitto in /usr/sbin, which is not on a plain user's PATH.
export PATH := $(PATH):/usr/local/sbin:/usr/sbin

BIN := .venv/bin
NPM_BIN := tests/typecheck/node_modules/.bin
PYTEST := $(BIN)/python -m pytest
# What people save beside these, as README.md has them do, is theirs.
SOURCES := bench examples firmware host tests
# A graph of your own, options of `msgflo run`: make run GRAPH=home.fbp ARGS='--port 3570 --data .msgflo2'
GRAPH ?= examples/demo
ARGS ?=

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: setup ## The demo: own Mosquitto, coordinator on port 3569, live view (Ctrl-C ends it)
	@$(BIN)/msgflo run $(GRAPH) $(ARGS)

# Their texts reach the command by the environment, whatever is in them: a quote, or what make or the shell would run.
override BOARD := $(value BOARD)
override PORT := $(value PORT)
override FIRMWARE := $(value FIRMWARE)
flash: export BOARD := $(BOARD)
flash: export PORT := $(PORT)
flash: export FIRMWARE := $(FIRMWARE)
flash: setup ## A board: BOARD=NAME of boards/NAME.yaml [PORT=/dev/…] [FIRMWARE=file]
	$(if $(BOARD),,$(error which board? make flash BOARD=NAME, for boards/NAME.yaml))
	@$(BIN)/msgflo board flash $${PORT:+--port "$$PORT"} $${FIRMWARE:+--firmware "$$FIRMWARE"} $(ARGS) -- "$$BOARD"

setup: ## Install what `make run` needs: .venv, Mosquitto, MicroPython
	@host/setup.sh

setup-tests:
	@host/setup.sh tests

# As many workers as the machine has cores. The tests of a file stay together: they share a broker, a browser or an emulated chip.
WORKERS := -n logical --dist loadfile --no-loadscope-reorder
# Pure parts of the web page, without a browser.
NODE_TESTS := node --test --test-reporter=dot tests/unit/web/*.test.mjs

test: lint ## Every test but the long ones: what CI runs
	@$(NODE_TESTS)
	@$(PYTEST) -q $(WORKERS)

check: lint ## Lint, types, all unit tests: two minutes at most
	@$(NODE_TESTS)
	@$(PYTEST) -q $(WORKERS) tests/unit

lint: setup-tests
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check --quiet $(SOURCES)
	@ways=(); $(BIN)/mypy & ways+=($$!); for target in esp32 rp2 cpython; do \
		$(NPM_BIN)/pyright -p tests/typecheck/$$target.json & ways+=($$!); \
	done; $(NPM_BIN)/tsc -p tests/typecheck/web.json & ways+=($$!); \
	$(NPM_BIN)/eslint -c tests/typecheck/eslint.config.mjs host/msgflo_host/web & ways+=($$!); for way in "$${ways[@]}"; do wait "$$way" || exit 1; done

bench: setup$(if $(PEER),-tests) ## Measure against the broker alone, write docs/benchmarks.md (PEER=1: beside npm msgflo)
	@$(BIN)/python -m bench $(if $(PEER),--peer)

soak: setup-tests ## The long tests: restarts, 70 000 publishes, 10 000 mutated inputs
	@MSGFLO_FUZZ=10000 $(PYTEST) -m soak -n logical --dist worksteal --ignore=tests/browser
	@$(PYTEST) -m soak tests/browser

vendor: ## Fetch and bundle what the web page uses of others: host/web-vendor, into host/msgflo_host/web/vendor
	@cd host/web-vendor && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && node build.mjs

clean: ## Remove .venv, caches and npm packages; what the broker keeps in .msgflo stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
	rm -rf host/*/node_modules tests/*/node_modules tests/*/*/node_modules
	find . -name __pycache__ -prune -exec rm -rf {} +
