# One entry point for people and for CI. Works in a path with spaces: no target depends on an absolute path.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: help demo install test test-long check lint types layers tests postgres bench clean accuracy claims reliability

help:            ## Say what each target does.
	@grep -hE '^[a-z-]+: .*##' Makefile | sed 's/:.*##/ -/'

$(BIN)/dse: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $(BIN)/dse

$(VENV)/.dev: pyproject.toml | $(BIN)/dse
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $(VENV)/.dev

install: $(BIN)/dse  ## Create .venv and install dse.

demo: $(BIN)/dse ## Search for a phone chip that runs a 10B-parameter model; the result is in out/.
	$(BIN)/python -m dse search phone_10b --out out/phone_10b --force
	$(BIN)/python -m dse pareto out/phone_10b

test: lint types layers tests  ## Run every check.

lint: $(VENV)/.dev
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .

types: $(VENV)/.dev
	$(BIN)/python -m mypy

layers: $(VENV)/.dev
	$(BIN)/lint-imports

# As many processes as there are cores; a module stays in one, for it shares its server or its spaces.
SPREAD := -n auto --dist loadfile -p no:benchmark

tests: $(VENV)/.dev postgres
	$(BIN)/python -m pytest $(SPREAD)

test-long: $(VENV)/.dev postgres ## Run the tests that take minutes: kills at every call and at random moments.
	$(BIN)/python -m pytest -m long $(SPREAD)

reliability: $(VENV)/.dev ## Provoke every fault that a run survives and write docs/reliability.md.
	$(BIN)/python -m pytest tests/faults -m fault -p no:randomly --write-reliability docs/reliability.md

# The tests start a server of their own, as the user postgres where they run as root.
postgres:        ## Install PostgreSQL, which the tests of dse worker start, where it is missing.
	@if command -v initdb || ls /usr/lib/postgresql/*/bin/initdb; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get; then \
		apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql; \
	else \
		echo "PostgreSQL is missing: install the package postgresql, as root; its initdb may" \
			"lie on the PATH or in /usr/lib/postgresql/*/bin" >&2; exit 1; \
	fi >/dev/null

bench: $(VENV)/.dev ## Measure speed and searches; write docs/performance.md and, in about an hour, docs/search.md.
	$(BIN)/python -m pytest tests/bench -m bench -p no:randomly --benchmark-columns=min,median,stddev
	$(BIN)/python -m dse bench --docs docs/performance.md
	$(BIN)/python -m dse bench scaling --docs docs/scaling.md
	$(BIN)/python -m dse bench proof --docs docs/proof.md
	$(BIN)/python -m dse bench search --docs docs/search.md

accuracy: $(BIN)/dse ## Fit the stacks to the shipped measurements and write docs/accuracy.md.
	$(BIN)/python -m dse calibrate hw_configs/measurements/measured.csv --stack all --out hw_configs/stacks
	$(BIN)/python -m dse validate --docs docs/accuracy.md

claims: $(BIN)/dse ## Judge the claims of vendors and articles and write docs/claims.md.
	$(BIN)/python -m dse claims --docs docs/claims.md

clean:           ## Remove the environment and the caches; results in out/ stay.
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
