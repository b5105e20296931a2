# Needs make and Python 3.11 or newer; everything else comes with the first target that is made.
.DEFAULT_GOAL := help
SHELL := /bin/sh

# The first interpreter that is new enough; `make PYTHON=/path/to/python run` chooses another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
PY := $(VENV)/bin/python
QUITTANCE := $(PY) -m cli.main
# The stack's own commands load nothing of the product, so they start at once and also where it is broken.
STACK := $(PY) -m dev.stack
READY := $(VENV)/ready
PYTEST := $(PY) -m pytest
SUITE := tests $(addprefix --ignore=tests/,house clients browser fuzz)
# Each has its own database. Two more than the cores we test on: many tests wait for servers to start and to end.
WORKERS ?= 4
SEEDS ?= 1000
# What clients were promised last: a release copies frontend-schema.graphql over it, and until then nothing of it breaks.
PUBLISHED := docs/published-schema.graphql
STEPS ?= 1000
# Where the environment says that nothing compiled is kept, each of some hundred processes of a run compiles it again.
test check static: export PYTHONDONTWRITEBYTECODE =

# An environment that was moved, or whose Python is gone, is made anew; READY holds the place it was made in.
ifneq "$(shell $(PY) -c '' 2>/dev/null && cat $(READY) 2>/dev/null)" "$(CURDIR)"
$(READY): again
endif

.PHONY: help run test check static demo reset rows persist simulate properties payments differential bench crash drills big mutants fuzz console clients browser clean again

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | awk -F '\t' '{ printf "  make %-10s %s\n", $$1, $$2 }'

run: $(READY) ## everything on this machine, until Ctrl-C; PORT=8000
	@exec $(STACK) run

test: check ## check, then the whole suite on a throw-away stack; LAG=400ms for a replica that comes later
	$(PYTEST) -n $(WORKERS) --dist worksteal $(if $(LAG),--lag $(LAG)) $(SUITE)

# The rules of the house take one core for half a minute; the others have time for the rest, which is told after them.
# The suite is compiled meanwhile: its workers begin together, and each would compile all of it.
check: $(READY) ## style, types, imports, rules of the house, schema
	@told=$$(mktemp); trap 'rm -f "$$told"' EXIT; $(MAKE) --no-print-directory static >"$$told" 2>&1 & static=$$!; \
	$(PYTEST) --collect-only --no-servers -q $(SUITE) >/dev/null & compiled=$$!; \
	echo "$(PYTEST) -q tests/house"; $(PYTEST) -q tests/house; house=$$?; \
	wait $$static; static=$$?; cat "$$told"; \
	wait $$compiled; compiled=$$?; [ $$compiled = 0 ] || echo "Not every test can be collected."; exit $$((house || static || compiled))

static: $(READY) ## what check reads without running it: style, types, imports, schema
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports
	$(QUITTANCE) export-schema --check frontend-schema.graphql --against $(PUBLISHED)

demo: $(READY) ## the story, told step by step against a running stack
	@$(QUITTANCE) demo

reset: $(READY) ## delete the data of the stopped stack
	@$(STACK) reset --yes

rows: $(READY) ## rows of docs/requirements.md that no test carries
	@$(PY) -m cli.rows

persist: $(READY) ## register the documents that clients send by id; MANIFEST=path TENANT=acme AUDIENCE=portal
	@$(QUITTANCE) persist "$(MANIFEST)" --tenant "$(or $(TENANT),acme)" --audience "$(or $(AUDIENCE),portal)"

simulate: $(READY) ## random lives of customers; SEEDS=1000 FIRST=11701 STEPS=1000 JOBS=0 (all processors)
	@$(QUITTANCE) simulate --seeds $(SEEDS) --first $(or $(FIRST),11701) --steps $(STEPS) --jobs $(or $(JOBS),0)

properties: $(READY) ## many random examples of each promise about a calculation; EXAMPLES=50000
	EXAMPLES=$(or $(EXAMPLES),50000) $(PYTEST) -n $(WORKERS) --no-servers -m at_length tests/domain

payments: $(READY) ## ten thousand payments against lost answers and events; PAYMENTS=10000 FIRST=1
	PAYMENTS=$(or $(PAYMENTS),10000) FIRST=$(or $(FIRST),1) $(PYTEST) -q -s tests/simulation/test_many_payments.py

differential: $(READY) ## random documents executed by plan and without one; DOCUMENTS=5000
	DOCUMENTS=$(or $(DOCUMENTS),5000) $(PYTEST) -q -s tests/api/test_planned_execution.py

bench: $(READY) ## measured ratios beside the machine's own limits; PEERS=1 also beside other servers
	$(if $(PEERS),@$(SHELL) dev/stack/install.sh "$(PYTHON)" "$(VENV)" tests/bench/peers/peers.lock)
	@$(QUITTANCE) bench $(if $(PEERS),--peers)

crash: $(READY) ## kill -9 at every point and in a storm of requests; KEYS=500 REQUESTS=20 MINUTES= SEED=
	CRASH=whole KEYS=$(or $(KEYS),500) REQUESTS=$(or $(REQUESTS),20) MINUTES=$(MINUTES) SEED=$(SEED) \
		STORIES=50 $(PYTEST) -q -s tests/crash

# A drill ends alone what it started; those that are tests of the suite run here as well.
DRILLS := $(or $(DRILL),$(wildcard tests/drills/drill_*.py) tests/jobs/test_queue_outage.py tests/domain/test_consistency.py)

drills: $(READY) ## what befalls servers, each drill on a stack of its own; DRILL=tests/drills/drill_restore.py; root for two
	$(PYTEST) -q -s $(DRILLS)

big: $(READY) ## what pages cost where there is much, and what every statement reads; BIG=10000,100000,1000000
	$(PYTEST) -q -s tests/drills/big_data.py

mutants: $(READY) ## plant each fault of tests/mutants/patches and see it found; MUTANTS="name name" OPTIONS=--quick
	$(PY) -m tests.mutants.hunt --write $(OPTIONS) $(MUTANTS)

fuzz: $(READY) ## hostile input over every operation, by schemathesis in an environment of its own; MINUTES=10 FIRST=1
	@$(SHELL) dev/stack/install.sh "$(PYTHON)" .venv-fuzz tests/fuzz/fuzz.lock
	FUZZ_PYTHON="$(CURDIR)/.venv-fuzz/bin/python" MINUTES=$(or $(MINUTES),10) FIRST=$(or $(FIRST),1) $(PYTEST) -q -s tests/fuzz

console: $(READY) ## build the support console's page from console/; needs Node 20.19 or newer and npm
	@$(PY) -m dev.console_build

clients: $(READY) ## clients that are not ours, on a throw-away stack; needs Node 20.19 or newer and npm
	$(PYTEST) tests/clients

browser: $(READY) ## the support console in a real browser, and whether its page is what its sources give; SHOTS=folder
	@$(SHELL) dev/stack/install.sh "$(PYTHON)" "$(VENV)" tests/browser/browser.lock
	$(PY) -m dev.console_build --check
	SHOTS="$(SHOTS)" $(PYTEST) tests/browser

clean: ## delete the environment and what tools left, not the data
	rm -rf $(VENV) .venv-fuzz console/node_modules tests/bench/peers/node_modules tests/clients/node_modules tests/clients/generated tests/clients/built .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './.state/*' -prune -exec rm -rf {} +

again: ;

$(READY): requirements.lock pyproject.toml dev/stack/installer.lock dev/stack/install.sh
	@$(SHELL) dev/stack/install.sh "$(PYTHON)" "$(VENV)"
