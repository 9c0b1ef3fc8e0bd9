# Everything a developer types. `make help` lists it.
VENV ?= .venv
HOST ?= 127.0.0.1
PORT ?= 8000
# The first Python of at least 3.11 on the path; PYTHON=... chooses another.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
# Where `make run` keeps what it stores.
FEEDBACK_DATA_DIR ?= var
# Folder with datasets/ and gold/, for training and benchmarks only.
FEEDBACK_TRAINING_DATA ?= $(if $(wildcard ../shared/gold/dev.csv),../shared)
TEST_PROCESSES ?= 2
BUNDLE := feedback_nlp/models/en
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

# An installation is made again when its pins change, whatever the file times say.
key = $(shell cat pyproject.toml $(1) | cksum | cut -d' ' -f1)
RUNTIME := $(VENV)/.runtime-$(call key,requirements.txt)
DEV := $(VENV)/.dev-$(call key,requirements-dev.txt)

.DEFAULT_GOAL := help
.PHONY: help install run test check format model bench soak docs lock clean

help: ## List the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

install: $(RUNTIME) ## Create the virtual environment with the pinned packages

run: $(RUNTIME) ## Start the service on http://127.0.0.1:8000
	@FEEDBACK_DATA_DIR="$(FEEDBACK_DATA_DIR)" exec $(BIN)/feedback-nlp serve --host $(HOST) --port $(PORT)

test: $(DEV) ## Run all tests
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist worksteal

check: $(DEV) ## Format, lint, types, import direction
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV) ## Rewrite the code in the project's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

model: $(DEV) ## Train the shipped bundle again (needs training data)
	@$(require_training_data)
	$(BIN)/feedback-nlp train --data "$(FEEDBACK_TRAINING_DATA)" -o $(BUNDLE)

bench: $(DEV) ## Print the quality tables (needs training data)
	@$(require_training_data)
	FEEDBACK_TRAINING_DATA="$(FEEDBACK_TRAINING_DATA)" $(BIN)/python benchmarks/quality.py

soak: $(DEV) ## Kill workers, servers and databases for minutes, send hostile requests and files; count what is lost
	$(BIN)/python benchmarks/faults.py
	$(BIN)/python benchmarks/hostile.py --requests 10000
	$(BIN)/python benchmarks/hostile_files.py --files 500
	$(BIN)/python benchmarks/steady.py --minutes 10
	$(BIN)/python benchmarks/soak.py $(if $(SOAK_POSTGRESQL),--postgresql "$(SOAK_POSTGRESQL)")

docs: $(DEV) ## Write the command line reference in docs/cli.md anew
	$(BIN)/python docs/write_cli_reference.py

lock: $(DEV) ## Pin requirements*.in again, with hashes, for Python 3.11 and later
	$(BIN)/uv pip compile $(LOCK) requirements.in -o requirements.txt
	$(BIN)/uv pip compile $(LOCK) requirements-postgres.in -o requirements-postgres.txt
	$(BIN)/uv pip compile $(LOCK) requirements-dev.in -o requirements-dev.txt

clean: ## Remove the virtual environment, caches and build leftovers
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

LOCK := -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make lock"

define require_training_data
if [ ! -f "$(FEEDBACK_TRAINING_DATA)/gold/dev.csv" ]; then \
	echo "feedback-nlp: no training data$(if $(FEEDBACK_TRAINING_DATA), in $(FEEDBACK_TRAINING_DATA))." >&2; \
	echo "Set FEEDBACK_TRAINING_DATA to the folder that holds datasets/ and gold/." >&2; \
	echo "The shipped bundle in $(BUNDLE) works without it." >&2; exit 6; fi
endef

$(RUNTIME): | $(BIN)/python
	@echo "feedback-nlp: installing pinned packages into $(VENV) (some minutes the first time)"
	@$(PIP) install -q --require-hashes -r requirements.txt
	@$(PIP) install -q --no-deps --no-build-isolation -e .
	@rm -f $(VENV)/.runtime-* && touch $@

$(DEV): $(RUNTIME)
	@echo "feedback-nlp: installing test and check tools into $(VENV)"
	@$(PIP) install -q --require-hashes -r requirements-dev.txt
	@rm -f $(VENV)/.dev-* && touch $@

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "feedback-nlp: no Python 3.11 or later found; set PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "feedback-nlp: $(PYTHON) -m venv failed (on Debian: apt install python3-venv)" >&2; exit 1; }
