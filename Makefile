# One entry point for people and for CI. Works in a path with spaces: no target depends on an absolute path.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: help demo install test check lint types layers tests bench clean accuracy claims

help:            ## Say what each target does.
	@grep -hE '^[a-z]+: .*##' Makefile | sed 's/:.*##/ -/'

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

tests: $(VENV)/.dev
	$(BIN)/python -m pytest

bench: $(VENV)/.dev ## Measure speed and searches; write docs/performance.md and, in about an hour, docs/search.md.
	$(BIN)/python -m pytest tests/bench -m bench -p no:randomly --benchmark-columns=min,median,stddev
	$(BIN)/python -m dse bench --docs docs/performance.md
	$(BIN)/python -m dse bench search --docs docs/search.md

accuracy: $(BIN)/dse ## Fit the stacks to the shipped measurements and write docs/accuracy.md.
	$(BIN)/python -m dse calibrate hw_configs/measurements/measured.csv --stack all --out hw_configs/stacks
	$(BIN)/python -m dse validate --docs docs/accuracy.md

claims: $(BIN)/dse ## Judge the claims of vendors and articles and write docs/claims.md.
	$(BIN)/python -m dse claims --docs docs/claims.md

clean:           ## Remove the environment and the caches; results in out/ stay.
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
