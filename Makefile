# Two commands are all a newcomer needs: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: run test check format lint types imports tests agents conformance fuzz kills soak junk-keys logging-cost bench million schema-fuzz schema lock clean servers

run: $(VENV)/run.ok  ## Start the gateway; with no configuration it serves the model `mock`.
	$(BIN)/headgate serve $(ARGS)

test: check  ## Everything that continuous integration runs.

check: lint types imports tests  ## Formatting, lint, types, layers, tests.

format: $(VENV)/test.ok
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(VENV)/test.ok
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/test.ok
	$(BIN)/mypy

imports: $(VENV)/test.ok
	$(BIN)/lint-imports --no-cache

tests: $(VENV)/test.ok servers
	$(BIN)/python -m pytest -n auto $(ARGS)

servers:  ## PostgreSQL for the tests of the stores.
	scripts/need-postgresql

agents: $(VENV)/test.ok  ## Claude Code and Codex through a running gateway (needs npm).
	$(BIN)/python -m pytest tests/agents_cli --agents $(ARGS)

conformance: $(VENV)/test.ok  ## Every pair of dialects on the recordings, cut at every place.
	CONFORMANCE=exhaustive $(BIN)/python -m pytest -n auto tests/conformance $(ARGS)

fuzz: $(VENV)/test.ok  ## Readers on hostile bytes, SECONDS each (needs Python <= 3.14 and a compiler).
	$(PIP) install atheris
	for dialect in chat messages responses gemini converse; do \
	    $(BIN)/python -m fuzz $$dialect -max_total_time=$(or $(SECONDS),60) || exit 1; \
	done

kills: $(VENV)/test.ok servers  ## Gateways killed under load, KILLS times (200) on each kind of database.
	HEADGATE_KILLS=$${KILLS:-200} $(BIN)/python -m pytest -s \
	    tests/storage/test_kills.py tests/storage/test_gateway_kills.py $(ARGS)

soak: $(VENV)/test.ok  ## Callers and a backend that keep to no rule, SECONDS long (300).
	HEADGATE_SOAK=$(or $(SECONDS),300) $(BIN)/python -m pytest -s tests/faults/test_soak.py $(ARGS)

junk-keys: $(VENV)/test.ok  ## What a flood of junk keys costs requests with good ones.
	$(BIN)/python -m measure.junk_keys

logging-cost: $(VENV)/test.ok  ## What accounting and the request log cost a request.
	$(BIN)/python -m measure.logging_cost

bench: $(VENV)/test.ok  ## The gateway beside nginx, LiteLLM and Portkey; ARGS=--quick for nginx alone.
	$(BIN)/python -m bench $(ARGS)

million: $(VENV)/test.ok servers  ## The admin API on a million exchanges; fails over 50 ms at p95.
	$(BIN)/python -m measure $(ARGS)

schema-fuzz: $(VENV)/test.ok  ## The admin API against its own description (installs schemathesis).
	$(BIN)/python scripts/schema-fuzz $${HEADGATE_SCHEMA_VENV:-~/.cache/headgate-schema} $(ARGS)

schema: $(VENV)/test.ok  ## Write down what all migrations together make of an empty database.
	$(BIN)/python -m headgate.storage.schema_script

lock: $(VENV)/test.ok  ## Pin every dependency with its hashes.
	$(BIN)/python -m uv --version >/dev/null 2>&1 || $(PIP) install uv
	$(BIN)/python -m uv pip compile --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-header --quiet --upgrade --all-extras pyproject.toml \
	    -o requirements/run.txt
	$(BIN)/python -m uv pip compile --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-header --quiet --upgrade --all-extras pyproject.toml requirements/test.in \
	    -o requirements/test.txt

clean:
	rm -rf $(VENV) build src/*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	scripts/make-venv $(PYTHON) $(VENV)

$(VENV)/run.ok: requirements/build.txt requirements/run.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes -r requirements/build.txt -r requirements/run.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/test.ok: requirements/build.txt requirements/test.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes -r requirements/build.txt -r requirements/test.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	touch $@
