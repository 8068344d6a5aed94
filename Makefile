# Two commands matter: `make run` serves Suivi on this machine, `make test` checks everything.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
CASES ?= 400

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help install run demo test format messages lock clean

help:
	@echo "make install   build .venv with what is pinned, and .venv/bin/tracker"
	@echo "make run       serve citizens and staff at http://$(HOST):$(PORT), with the scheduler beside it"
	@echo "make demo      the same, with a lifelike population of $(CASES) cases"
	@echo "make test      format, lint, types, import rules, tests on both databases and in a real browser"
	@echo "make format    put the code in the house's format"
	@echo "make messages  collect the texts to translate, and compile the translations"
	@echo "make lock      pin the dependencies anew (needs uv)"

install: $(VENV)/.installed

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Suivi needs Python 3.11 or newer: install it, or name it with make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing what is pinned in requirements.lock"
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	@echo "Installing what is pinned in requirements-dev.lock"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@
