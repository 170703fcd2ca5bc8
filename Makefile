# The developer's commands. `make help` explains them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
TESTS ?= tests
WORKERS ?= 2
EVENTS ?= 10_000_000
BIN := .venv/bin
CODE := app.py run.py callbacks etl gate pages warehouse tests
CHROMIUM ?= /usr/bin/chromium
CJK_FONT := /usr/share/fonts/opentype/noto
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -q

# A .venv counts as installed only when its stamp was written, so a killed set-up starts again.
RUN_STAMP := .venv/.installed-run
DEV_STAMP := .venv/.installed-dev

.PHONY: help run test check format lint types imports bench bench-reference faults lock pictures reference clean packages front

help: ## Explain these commands.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-15s %s\n", $$1, $$2}' Makefile
	@echo 'Honoured by run: HOST= PORT= COCKPIT_HOME= and every setting in README.md. By test: TESTS=tests/unit'

run: $(RUN_STAMP) front ## Set up, load the example city and start the cockpit.
	@exec $(BIN)/python run.py

test: $(DEV_STAMP) packages front ## Install what tests need and run them all, or TESTS=path.
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(TESTS)

check: $(DEV_STAMP) ## Format, lint, types and import rules.
	@$(MAKE) -k -j2 --output-sync=target format lint types imports

format: $(DEV_STAMP)
	@$(BIN)/ruff format --check -q $(CODE)

lint: $(DEV_STAMP)
	@$(BIN)/ruff check -q $(CODE)

types: $(DEV_STAMP)
	@$(BIN)/mypy --no-error-summary

imports: $(DEV_STAMP)
	@$(BIN)/lint-imports --no-cache > build-imports.log 2>&1 && rm build-imports.log \
	  || { cat build-imports.log; rm build-imports.log; exit 1; }

bench: $(DEV_STAMP) packages front ## Measure load, answers and page weight as ratios.
	@$(BIN)/python -m tests.bench

bench-reference: $(DEV_STAMP) ## Ask the reference questions of EVENTS= events (10_000_000: ten minutes and 3 GB at first).
	@$(BIN)/python -m tests.bench.reference $(EVENTS) build/bench-$(EVENTS)

faults: $(DEV_STAMP) ## Kill the ETL before and after every step, for every kind of delivery.
	@$(BIN)/python -m tests.faults

pictures: $(DEV_STAMP) packages ## Take the pictures of the README from a running `make run`.
	@$(BIN)/python -m tests.e2e.pictures

reference: $(RUN_STAMP) ## Write docs/metrics.md from the definitions.
	@$(BIN)/python -m tests.docs.reference

lock: $(DEV_STAMP) ## Freeze requirements*.in into requirements*.txt with hashes.
	@for name in requirements requirements-dev; do \
	  $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	    --no-header --no-emit-index-url --no-emit-find-links $$name.in -o $$name.txt; \
	done

clean: ## Remove what was built or installed here; the home (./var) stays.
	@rm -rf .venv build node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

front: $(RUN_STAMP)
	@$(BIN)/python -m gate build

packages:
	@missing=(); \
	[[ -x $(CHROMIUM) ]] || missing+=(chromium); \
	[[ -d $(CJK_FONT) && -n "$$(find $(CJK_FONT) -name '*CJK*' -print -quit)" ]] \
	  || missing+=(fonts-noto-cjk); \
	[[ -n "$$(find /usr/lib/postgresql -path '*/bin/initdb' -print -quit 2>/dev/null)" ]] \
	  || missing+=(postgresql); \
	[[ -x /usr/sbin/mariadbd ]] || missing+=(mariadb-server); \
	[[ -x /usr/sbin/sshd ]] || missing+=(openssh-server); \
	[[ -n "$$(find /usr/lib -path '*/faketime/libfaketimeMT.so.1' -print -quit)" ]] \
	  || missing+=(libfaketime); \
	(( $${#missing[@]} )) || exit 0; \
	if [[ $$(id -u) == 0 ]]; then root=(); \
	elif sudo -n true 2>/dev/null; then root=(sudo -n); \
	else root=(false); fi; \
	command -v apt-get >/dev/null || root=(false); \
	[[ "$${root[*]-}" != false ]] || { \
	  echo "The tests need these packages: $${missing[*]}. Install them and try again." >&2; exit 1; }; \
	echo "Installing $${missing[*]} ..."; \
	"$${root[@]}" apt-get update -qq < /dev/null; \
	DEBIAN_FRONTEND=noninteractive "$${root[@]}" apt-get install -qq -y --no-install-recommends \
	  "$${missing[@]}" < /dev/null > /dev/null

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Python 3.11 or newer is needed; $(PYTHON) is not. Try: make PYTHON=python3.12 ..." >&2; exit 1; }
	@rm -rf .venv
	@$(PYTHON) -m venv .venv > /dev/null 2>&1 && test -x $@ || { rm -rf .venv; \
	  echo "$(PYTHON) cannot make a virtual environment. Install its venv package (python3-venv)." >&2; exit 1; }

$(RUN_STAMP): requirements.txt | .venv/bin/pip
	@echo "Installing what the cockpit needs ..."
	@$(PIP) install --require-hashes -r requirements.txt
	@touch $@

$(DEV_STAMP): requirements.txt requirements-dev.txt | .venv/bin/pip
	@echo "Installing what the tests need ..."
	@$(PIP) install --require-hashes -r requirements.txt -r requirements-dev.txt
	@touch $(RUN_STAMP) $@
