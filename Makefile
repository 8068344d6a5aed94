# Two commands matter: `make run` serves Suivi on this machine, `make test` checks everything.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
CASES ?= 400
VAR_DIR ?= var
export VAR_DIR

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
TRACKER = SECRET_KEY="$${SECRET_KEY:-$$(cat '$(VAR_DIR)/secret_key')}" $(BIN)/tracker
# Made-up people: login|role|service|name|telephone|title in fr|nl|de|en, as they stand under letters.
ACCOUNTS := 'clerk|clerk|CONSULAR|Nadia Lemaire|+32 2 000 01 01|Attachée|Attaché|Attachée|Attachée' \
	'head|head|CONSULAR|Pieter Claes|+32 2 000 01 02|Chef de service|Diensthoofd|Dienstleiter|Head of service' \
	'dispatcher|dispatcher|M0.0|Sofie Maes|+32 2 000 01 03|Répartitrice|Verdeelster|Verteilerin|Dispatcher' \
	'dispatch.head|head|M0.0|Marc Dubois|+32 2 000 01 08|Chef de la répartition|Hoofd van de verdeling|Leiter der Verteilstelle|Head of dispatching' \
	'complaints|complaints||Karim Haddad|+32 2 000 01 04|Coordinateur des plaintes|Klachtencoördinator|Beschwerdekoordinator|Complaints coordinator' \
	'direction|direction||Anne Schmitz|+32 2 000 01 05|Directrice générale|Directeur-generaal|Generaldirektorin|Director-General' \
	'auditor|auditor||Luc Janssens|+32 2 000 01 06|Auditeur|Auditor|Innenrevisor|Auditor' \
	'admin|admin||Eva Peeters|+32 2 000 01 07|Administratrice|Beheerder|Administratorin|Administrator'
# The texts in the code are the English ones.
LANGUAGES := fr nl de
MESSAGES := build/messages.pot

.DEFAULT_GOAL := help
.PHONY: help install run demo ready test format messages lock clean

help:
	@echo "make install   build $(VENV) with what is pinned, and $(BIN)/tracker"
	@echo "make run       serve citizens and staff at http://$(HOST):$(PORT), with the scheduler beside it"
	@echo "make demo      the same, with a lifelike population of $(CASES) cases"
	@echo "make test      format, lint, types, import rules, tests on both databases and in a real browser"
	@echo "make format    put the code in the house's format"
	@echo "make messages  collect the texts to translate, and compile the translations"
	@echo "make lock      pin the dependencies anew (needs uv), and list their licences"
	@echo "make clean     remove what was built; $(VAR_DIR)/ stays"

install: $(VENV)/.installed

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Suivi needs Python 3.11 or newer: install it, or name it, as in make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing what requirements.lock pins"
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	@echo "Installing what requirements-dev.lock pins"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

run demo: export BASE_URL ?= http://$(HOST):$(PORT)
# Made-up cases never stand among real ones: the demonstration has a folder of its own.
demo: VAR_DIR := $(VAR_DIR)/demo

run: ready
	@$(TRACKER) up --host $(HOST) --port $(PORT)

demo: ready
	@test -e '$(VAR_DIR)/seeded' || { $(TRACKER) seed --cases $(CASES) && touch '$(VAR_DIR)/seeded'; }
	@$(TRACKER) up --host $(HOST) --port $(PORT)

# A first start makes the secret key, the database, and one account a role with a password of this machine's own.
ready: install
	@mkdir -p '$(VAR_DIR)'
	@umask 077; for name in secret_key staff_password; do \
		test -s "$(VAR_DIR)/$$name" || $(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(36))' > "$(VAR_DIR)/$$name"; \
	done
	@$(TRACKER) init
	@test -e '$(VAR_DIR)/accounts' || { \
		IFS='|'; \
		for person in $(ACCOUNTS); do \
			set -- $$person; \
			$(TRACKER) user add "$$1@suivi.example" --role "$$2" --service "$$3" --name "$$4" --phone "$$5" \
				--title "fr=$$6" --title "nl=$$7" --title "de=$$8" --title "en=$$9" --password-stdin < '$(VAR_DIR)/staff_password' || exit 1; \
		done && touch '$(VAR_DIR)/accounts'; }
	@echo "Citizens: http://$(HOST):$(PORT)/"
	@echo "Staff:    http://$(HOST):$(PORT)/staff/login"
	@echo "          as clerk@suivi.example, or head@, dispatcher@, dispatch.head@, complaints@, direction@, auditor@, admin@"
	@echo "          with the password $$(cat '$(VAR_DIR)/staff_password') (kept in $(VAR_DIR)/staff_password)"

test: $(VENV)/.installed-dev
	@.ci/chromium
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo --no-cache
	$(BIN)/pytest -n 2 --dist worksteal

format: $(VENV)/.installed-dev
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

# --no-fuzzy-matching: a guess of the machine never stands for a translation.
messages: $(VENV)/.installed-dev
	@mkdir -p $(dir $(MESSAGES))
	@$(BIN)/pybabel --quiet extract --mapping babel.cfg --keywords lazy_gettext --keywords _l --add-location file \
		--sort-by-file --project Suivi --copyright-holder "the authors of Suivi" --output $(MESSAGES) tracker templates
	@for language in $(LANGUAGES); do \
		$(BIN)/pybabel --quiet update --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --init-missing \
			--input-file $(MESSAGES) --output-dir tracker/locale --locale $$language || exit 1; \
	done
	@$(BIN)/pybabel --quiet compile --directory tracker/locale

lock:
	@uv pip compile pyproject.toml --extra build --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --quiet --output-file requirements.lock
	@uv pip compile pyproject.toml --extra build --extra dev --constraints requirements.lock --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --quiet --output-file requirements-dev.lock
	@$(MAKE) --no-print-directory $(VENV)/.installed-dev
	@$(BIN)/python -m tests.licences

clean:
	@rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
