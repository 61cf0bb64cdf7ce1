# Two commands on a fresh machine: "make demo" and "make test". "make help" tells the rest.
# PYTHON=python3.12 picks the interpreter, JOBS=4 the number of test processes, ARGS="-k srv" goes to pytest.

VENV = .venv
BIN = $(VENV)/bin
STAMP = $(VENV)/.installed
JOBS = 2
ARGS =

help: ## what there is to make
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS='	' read -r name text; do printf '%-15s %s\n' "$$name" "$$text"; done

demo: $(STAMP) ## every scenario against an embedded lab: plugin and exporter, with their verdicts
	$(BIN)/python -m check_autodiscover.lab.demo

test: lint unit ## lint and all tests; as root, the real daemons of the stack tests are installed first

lint: $(STAMP) ## ruff, mypy --strict and the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=.:exporter $(BIN)/lint-imports --config setup.cfg --no-logo

unit: $(STAMP) ## the tests alone
	tests/stack/install-daemons
	requirements/add-directory $(BIN)/python
	$(BIN)/python -m pytest -n $(JOBS) $(ARGS)

test-lowest: $(VENV)-lowest/.installed ## the tests with the oldest versions that setup.cfg admits
	# What the house's tests hold is the same with all versions, and some of it is made with tools that are not here.
	$(VENV)-lowest/bin/python -m pytest -n $(JOBS) --ignore tests/stack --ignore tests/house $(ARGS)

packages: $(VENV)-packages/.installed ## Debian packages, RPMs and single files, into dist/
	tests/packages/install-tools
	rm -rf dist
	$(VENV)-packages/bin/python -m artefacts.packages

test-packages: packages ## the packages on machines of the releases that they are for; needs root
	# cloudcoil brings a plugin for pytest that needs more than its models do.
	$(VENV)-packages/bin/python -m pytest -p no:cloudcoil tests/packages $(ARGS)

bench: $(VENV)-bench/.installed ## what a check costs and how long it takes; needs named, nginx, check_dig, check_http, and root for the latter
	# As users install it: an editable package makes every start of Python dearer.
	rm -rf build
	$(VENV)-bench/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall .
	$(VENV)-bench/bin/python -m bench.imports
	$(VENV)-bench/bin/python -m bench.cold
	$(VENV)-bench/bin/python -m bench.through_exporter
	$(VENV)-bench/bin/python -m bench.dns
	$(VENV)-bench/bin/python -m bench.config
	$(VENV)-bench/bin/python -m bench.growth
	-$(VENV)-bench/bin/python -m bench.latency
	-$(VENV)-bench/bin/python -m bench.fleet
	-$(VENV)-bench/bin/python -m bench.sweep
	-$(VENV)-bench/bin/python -m bench.parts
	-$(VENV)-bench/bin/python -m bench.scrape

docs: $(STAMP) ## the reference documentation, from the programs' own tables
	$(BIN)/python -m docs.generate

site: $(STAMP) ## the documentation as a web site, into build/site
	$(BIN)/python -m docs.site

artefacts: $(STAMP) ## manual, completion and definitions below packaging/, from the programs' own tables
	$(BIN)/python -m artefacts.generate

clean: ## remove what make and the tools have made
	rm -rf $(VENV) $(VENV)-bench $(VENV)-lowest $(VENV)-packages build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(STAMP): requirements/dev.txt setup.cfg pyproject.toml
	requirements/make-venv $(VENV) requirements/dev.txt "$(PYTHON)"

$(VENV)-bench/.installed: requirements/dev.txt setup.cfg pyproject.toml
	requirements/make-venv $(VENV)-bench requirements/dev.txt "$(PYTHON)"

$(VENV)-packages/.installed: requirements/packages.txt requirements/dev.txt setup.cfg pyproject.toml
	requirements/make-venv $(VENV)-packages requirements/packages.txt "$(PYTHON)"

$(VENV)-lowest/.installed: requirements/lowest.txt setup.cfg pyproject.toml
	# The oldest versions have wheels for the oldest Python.
	requirements/make-venv $(VENV)-lowest requirements/lowest.txt "$(or $(PYTHON),python3.11)"

.PHONY: help demo test lint unit test-lowest packages test-packages bench docs site artefacts clean
