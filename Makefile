# Everything a person or a machine does with this repository. `make help` lists it.
#
# PYTHON=…  the interpreter to build with (3.11 or 3.12); found by itself if not given
# VENV=…    where the environment lives; .venv if not given
# ARGS=…    handed on to the command of run, test, bench, bench-kafka and simulate

VENV    ?= .venv
BIN     := $(VENV)/bin
STAMP   := $(VENV)/.ready
PROGRAM ?= config/programs/corner_shop.yaml
INPUT   ?= examples/online_retail/log
OUT     ?= out/example

# An interpreter counts only if it starts, has the right version and is complete: a name on the path proves none of
# the three.
PYTHON_WORKS := import sys, venv, ensurepip, ssl, sqlite3; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))

.DEFAULT_GOAL := help
.PHONY: help setup run test lint types check bench bench-kafka simulate lock clean
.SUFFIXES:

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: $(STAMP) ## make the environment with the locked dependencies (does nothing when it is up to date)
	@echo '$(VENV) is ready.'

$(STAMP): requirements-dev.txt pyproject.toml
	@set -e; \
	if [ -z '$(PYTHON)' ] && '$(BIN)/python' -c '$(PYTHON_WORKS)' >/dev/null 2>&1; then exit 0; fi; \
	candidates='$(or $(PYTHON),python3.12 python3.11 python3 python)'; \
	for candidate in $$candidates; do \
	    "$$candidate" -c '$(PYTHON_WORKS)' >/dev/null 2>&1 || continue; \
	    echo "Setting up $(VENV) with $$("$$candidate" --version), about a minute the first time."; \
	    exec "$$candidate" -m venv --clear '$(VENV)'; \
	done; \
	echo "Balanza needs Python 3.11 or 3.12 with its venv module (Debian: apt install python3-venv)." >&2; \
	echo "Tried: $$candidates. Name another with: make setup PYTHON=/path/to/python3.12" >&2; \
	exit 1
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

run: $(STAMP) ## run the pipeline on the bundled example, then look with `balanza member`, `sql`, `why`
	@$(BIN)/balanza run --program $(PROGRAM) --input $(INPUT) --out $(OUT) --fresh $(ARGS)

test: $(STAMP) ## run the tests (ARGS='-k ledger' for some of them)
	@$(BIN)/python -m pytest $(ARGS)

lint: $(STAMP) ## check the style with ruff
	@$(BIN)/ruff check .

types: $(STAMP) ## check the types with mypy, strict, tests included
	@$(BIN)/mypy

check: lint types test ## lint, types and test: what must pass before a commit

bench: $(STAMP) ## measure speed and memory against the plain loop
	@$(BIN)/python -m tests.benchmarks $(ARGS)

bench-kafka: $(STAMP) ## measure speed and latency on a broker of its own against the file log (needs Java 17, Maven)
	@$(BIN)/python -m tests.benchmarks.kafka $(ARGS)

simulate: $(STAMP) ## make up a log in out/simulation (ARGS='--events 100000 --seed 3'; --help tells more)
	@$(BIN)/balanza simulate --out out/simulation --replace $(ARGS)

# Resolved on 3.11, the older of the two, so that what is locked exists for both.
LOCK_VENV := .cache/lock
COMPILE   := $(LOCK_VENV)/bin/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras \
             --no-emit-index-url --no-emit-find-links --no-annotate --no-header

lock: ## resolve the dependencies anew and write requirements*.txt (needs Python 3.11)
	@python3.11 -m venv $(LOCK_VENV)
	@$(LOCK_VENV)/bin/python -m pip install --quiet --disable-pip-version-check pip-tools
	@$(COMPILE) --output-file $(LOCK_VENV)/run.txt pyproject.toml
	@$(COMPILE) --constraint $(LOCK_VENV)/run.txt --extra dev --output-file $(LOCK_VENV)/dev.txt pyproject.toml
	@{ echo '# What Balanza runs with, valid on Python 3.11 and 3.12. Written by `make lock`; do not edit.'; \
	   cat $(LOCK_VENV)/run.txt; } > requirements.txt
	@{ echo '# What Balanza is tested with, valid on Python 3.11 and 3.12. Written by `make lock`; do not edit.'; \
	   cat $(LOCK_VENV)/dev.txt; } > requirements-dev.txt
	@rm -rf $(LOCK_VENV)

clean: ## remove outputs and caches (the environment stays; remove $(VENV) by hand)
	@rm -rf out build dist .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
	@find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +
