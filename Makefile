# Everything a fresh clone needs comes from requirements.lock, by hash, into .venv. Needs Python 3.11+, git and make.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: test test-all lint demo contract generate bench bench-compare mutate dist clean

test: lint
	$(BIN)/python -m pytest -n 2 --dist worksteal

test-all: export HEADEND_THOROUGH = 1
test-all: test

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

demo: $(READY)
	tools/demo.sh

contract: $(READY)
	$(BIN)/python tools/contract.py

generate: $(READY)
	$(BIN)/python tools/generate.py

bench: $(READY)
	$(BIN)/python tools/bench $(BENCH)

bench-compare: $(READY)
	$(BIN)/python tools/bench --against $(REV) $(BENCH)

mutate: $(READY)
	$(BIN)/python tools/mutate.py

# A wheel and an sdist, checked, and the wheel tried in an environment that has nothing else.
dist: $(READY)
	rm -rf dist build
	$(BIN)/uv build --quiet --no-build-isolation --out-dir dist
	$(BIN)/twine check --strict dist/*
	tools/try-wheel.sh dist/*.whl

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

clean:
	rm -rf .venv .mutate dist build
