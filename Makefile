# Two commands do everything: `make demo` and `make test`. Each makes its own environment in .venv.
PYTHON ?= python3
BIN = .venv/bin

.PHONY: demo test lint train evaluate bench docs refresh clean

demo: .venv/demo.stamp
	$(BIN)/collarclass label examples/job_ads.csv -o demo/labelled.csv --force --report demo/report.html
	$(BIN)/python examples/show.py demo/labelled.csv

test: .venv/test.stamp
	$(BIN)/python -m pytest -n auto

lint: .venv/test.stamp
	$(BIN)/python -m pip install -q --group lint
	$(BIN)/ruff check .
	$(BIN)/mypy

train: .venv/demo.stamp
	$(BIN)/collarclass train -o models/standard

bench: .venv/test.stamp
	$(BIN)/python -m pip install -q --group bench
	$(BIN)/python benchmarks/run.py

docs: .venv/test.stamp
	$(BIN)/python -m pip install -q --group docs
	$(BIN)/mkdocs build --strict

# After a change of model or data: outputs and pictures of README, documentation and notebooks.
refresh: .venv/test.stamp
	$(BIN)/python scripts/refresh_docs.py
	$(BIN)/python scripts/run_notebooks.py
	$(BIN)/python scripts/make_pictures.py

.venv/bin/python:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --upgrade "pip>=25.1"

.venv/demo.stamp: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install -q -e ".[report]"
	touch $@

.venv/test.stamp: .venv/demo.stamp
	$(BIN)/python -m pip install -q --group test
	touch $@

clean:
	rm -rf .venv demo build dist site
