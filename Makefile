# Two commands do everything: `make demo` and `make test`. Each makes its own environment in .venv.
PYTHON ?= python3
BIN = .venv/bin

.PHONY: demo test compile test-uncompiled test-bounds sanitize faults audit slow lint train evaluate bench docs figures refresh lowest wheel release sbom clean

demo: .venv/demo.stamp
	mkdir -p demo
	$(BIN)/collarclass label examples/job_ads.csv -o demo/labelled.csv --force --report demo/report.html
	$(BIN)/python examples/show.py demo/labelled.csv

# A file's tests stay together, so that a cluster or a browser is started once.
test: .venv/test.stamp
	$(BIN)/python -m pytest -n auto --dist loadscope

# What takes minutes: the shipped model trained anew, every notebook and page, whole journeys in a browser.
slow: .venv/test.stamp
	$(BIN)/python -m pytest -n auto --dist loadscope -m slow tests

lint: .venv/test.stamp
	$(BIN)/python -m pip install -q --group lint
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m research.docs.prose

train: .venv/demo.stamp
	rm -f models/standard/README.md
	$(BIN)/collarclass train -o models/standard --force
	$(BIN)/python -m research.measure.behaviour
	$(BIN)/python -m research.measure.cards

# The compiled modules and lexicon, made anew in the source folder: after a change of a module that has a .pxd.
compile: .venv/bin/python
	$(BIN)/python hatch_build.py

# The modules as they run where nothing was compiled.
test-uncompiled: .venv/test.stamp
	COLLARCLASS_COMPILED=off $(BIN)/python -m pytest -n auto --dist loadscope

# The compiled modules with checks of every index.
test-bounds: .venv/test.stamp
	rm -rf src/collarclass/_compiled; BOUNDS=1 $(BIN)/python hatch_build.py
	$(BIN)/python -m pytest -n auto --dist loadscope tests/test_core.py tests/test_fuzz.py tests/test_lines.py tests/test_requirements.py; \
	  status=$$?; rm -rf src/collarclass/_compiled; $(BIN)/python hatch_build.py; exit $$status

# The compiled modules under AddressSanitizer and UndefinedBehaviorSanitizer, with a minute of the fuzzer.
sanitize: .venv/test.stamp
	rm -rf src/collarclass/_compiled; CFLAGS="-g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all" $(BIN)/python hatch_build.py
	ASAN_OPTIONS=detect_leaks=0 LD_PRELOAD="$$(cc -print-file-name=libasan.so) $$(cc -print-file-name=libubsan.so)" \
	  sh -c '$(BIN)/python -m pytest -q -p no:cacheprovider tests/test_core.py && \
	  $(BIN)/python -m research.robustness.fuzz --minutes 1'; \
	  status=$$?; rm -rf src/collarclass/_compiled; $(BIN)/python hatch_build.py; exit $$status

# Every call on files broken in turn, runs broken in seven ways, mutated files and small ones that unpack to much: hours.
faults: .venv/test.stamp
	$(BIN)/python -m research.robustness.io_faults --memory 200
	$(BIN)/python -m research.robustness.faults
	$(BIN)/python -m research.robustness.fuzz_files --files 17000
	$(BIN)/python -m research.robustness.bombs

# What a plain install brings with it, looked up among known vulnerabilities; fails where the database is not reached.
audit: .venv/test.stamp
	$(BIN)/python -m pip install -q --group release
	$(BIN)/python -m pip_audit --strict .

bench: .venv/test.stamp
	$(BIN)/python -m pip install -q --group bench
	$(BIN)/python benchmarks/run.py

docs: .venv/test.stamp
	$(BIN)/python -m pip install -q --group docs
	$(BIN)/mkdocs build --strict

# The lowest versions allowed label as the newest do.
lowest: .venv/test.stamp
	research/release/lowest_versions.sh

# The same commit gives the same wheel, byte for byte: built twice, and compared.
wheel: .venv/test.stamp
	$(BIN)/python -m pip install -q --group release
	$(BIN)/python -m research.release.build_wheel dist

# Wheel and source: built, checked, installed in environments of their own, and used there.
release: .venv/test.stamp
	$(BIN)/python -m pip install -q --group release
	$(BIN)/python -m research.release.check_release dist

# What a plain install brings with it, with licences, as CycloneDX.
sbom: .venv/bin/python
	mkdir -p dist
	rm -rf .venv/plain && $(BIN)/python -m venv .venv/plain
	.venv/plain/bin/python -m pip install -q .
	$(BIN)/python -m pip install -q --group release
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible \
	  --gather-license-texts -o dist/sbom.json .venv/plain/bin/python

# After a change of model or data: every measured figure, each from a file in data/figures that names model and data.
# TEXTS is the folder of the rated ads, which are not part of the project.
figures: .venv/test.stamp
	$(BIN)/python -m pip install -q --group bench
	$(BIN)/python -m research.docs.figures $(if $(TEXTS),--texts $(TEXTS))

# After a change of model or data: outputs and pictures of README, documentation and notebooks.
refresh: .venv/test.stamp
	$(BIN)/python -m research.docs.refresh_docs
	$(BIN)/python -m research.docs.run_notebooks
	$(BIN)/python -m research.docs.make_pictures

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
