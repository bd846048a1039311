# Everything a developer or CI does. A fresh machine needs Python 3.11 and make, no more.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.synced

.PHONY: help setup demo test check lint types imports bench costs triage clean

help:            ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

setup: $(STAMP)  ## make the virtual environment from uv.lock

$(STAMP): pyproject.toml uv.lock
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.5'
	$(BIN)/uv sync --quiet --frozen --compile-bytecode --python $(BIN)/python
	@touch $(STAMP)

demo: setup      ## two simulated working weeks of an invented municipality, mails included
	$(BIN)/watchdaemon demo --out demo-output

test: setup      ## every test this machine can run
	$(BIN)/pytest -n auto

lint: setup      ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup     ## mypy --strict on source, adapters and tests
	$(BIN)/mypy src adapters tests

imports: setup   ## the rooms' import direction
	$(BIN)/lint-imports

check: lint types imports test  ## what CI does

bench: setup     ## speed figures, with their limits
	$(BIN)/python -m tests.bench

costs: setup     ## docs/platforms.md: what watching takes, measured on the sandbox
	$(BIN)/python -m tests.costs

triage: setup    ## the triage's scores on labelled texts: make triage TEXTS=folder
	$(BIN)/python -m watchdaemon.triage.training report $(TEXTS)

clean:
	rm -rf $(VENV) demo-output .mypy_cache .ruff_cache .pytest_cache
