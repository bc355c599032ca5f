# One command for each chore; each sets up what it needs. Needs Python >= 3.10, make, and a package registry for pip.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

COMPILE = $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.10 --generate-hashes \
	--no-annotate --no-emit-index-url --custom-compile-command 'make requirements' --extra all

.PHONY: demo test lint types format hooks docs zipapp dist notes bench requirements clean

demo: $(READY)          ## lint, lock, build, verify and diff in a terminal
	@$(BIN)/python -m scripts.demo

test: $(READY)          ## every test, including the end-to-end ones
	$(BIN)/python -m pytest -n 2 --dist worksteal

lint: $(READY)          ## style, formatting, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(READY)         ## strict types
	$(BIN)/mypy

format: $(READY)        ## fix style and formatting
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

hooks: $(READY)         ## our own hooks, over all files
	$(BIN)/pre-commit run --all-files

docs: $(READY)          ## build docs/ and hooks/ as a site in .cache/site
	@$(BIN)/python -m scripts.build_docs

zipapp: $(READY)        ## build dist/lockstep.pyz, one file for nodes without pip
	@$(BIN)/python -m scripts.build_zipapp

dist: $(READY)          ## build the sdist and the wheel in dist/
	$(BIN)/python -m hatchling build

notes: $(READY)         ## print the notes of a release: make notes TAG=v1.2.3
	@$(BIN)/python -m scripts.release_notes $(TAG)

bench: $(READY)         ## measure against peers and lower bounds
	@for bench in benchmarks/[a-z]*.py; do echo "== $$bench"; $(BIN)/python $$bench || exit 1; done

requirements: $(READY)  ## lock what the Action and CI install, with hashes; UPGRADE=--upgrade updates
	$(COMPILE) $(UPGRADE) --group build --output-file requirements/action.txt
	$(COMPILE) $(UPGRADE) --group dev --output-file requirements/ci.txt

clean:
	rm -rf .venv .cache dist demo

$(READY): pyproject.toml requirements/ci.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "conda-lockstep needs Python >= 3.10: make PYTHON=…")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/ci.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
