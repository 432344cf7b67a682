# The commands of the README. Everything a new machine needs is installed into .venv from requirements.lock (hashes checked).
PYTHON ?= python3
BIN := .venv/bin
export PYTHONDONTWRITEBYTECODE := 1

.PHONY: run test check test-live bench docs score-card lock clean install

install: .venv/installed

.venv/installed: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing what is needed into .venv (once)"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: install
	@$(BIN)/coast-guardian run --simulate

test: install
	@$(BIN)/python -m pytest -n auto --dist worksteal

check: install
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

test-live: install
	@$(BIN)/python -m pytest -m live tests

bench: install
	@$(BIN)/python -m bench

docs: install
	@$(BIN)/coast-guardian docs

score-card: install
	@$(BIN)/coast-guardian score-card

lock:
	uv pip compile --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --universal --group dev pyproject.toml -o requirements.lock

clean:
	rm -rf .venv build *.egg-info var
