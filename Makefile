# Every chore is one command; each does its own set-up. Needs Python >= 3.10, make, and a package registry for pip.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

COMPILE = $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.10 --generate-hashes \
	--no-annotate --no-emit-index-url --custom-compile-command 'make requirements' --extra all

.PHONY: demo test lint types format hooks docs zipapp dist notes bench requirements clean

demo: $(READY)          ## the main job in a terminal, offline once its packages are there
	@$(BIN)/python -m scripts.demo

test: $(READY)          ## every test, end-to-end ones included
	$(BIN)/python -m pytest -n 2 --dist worksteal

lint: $(READY)          ## style, formatting, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(READY)
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

hooks: $(READY)         ## our own hooks, over all files
	$(BIN)/pre-commit run --all-files

docs: $(READY)          ## the pages of docs/ and hooks/ as a site, into .cache/site
	@$(BIN)/python -m scripts.build_docs

zipapp: $(READY)        ## what a bare node needs in one file, dist/lockstep.pyz
	@$(BIN)/python -m scripts.build_zipapp

dist: $(READY)          ## the sdist and the wheel, into dist/
	$(BIN)/python -m hatchling build

notes: $(READY)         ## what the changelog says of a release: make notes TAG=v1.2.3
	@$(BIN)/python -m scripts.release_notes $(TAG)

bench: $(READY)         ## ratios against peers and floors, measured in one run
	@for bench in benchmarks/[a-z]*.py; do echo "== $$bench"; $(BIN)/python $$bench || exit 1; done

requirements: $(READY)  ## lock what the Action and CI install, with hashes; UPGRADE=--upgrade takes newer versions
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
