# Everything runs in .venv, made from the lock files; nothing else is needed but Python >= 3.11 and make.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

AUDIT := .venv/audit

.PHONY: install demo examples test test-slow crash walks lint format mutants bench wheel audit lock clean

install: $(INSTALLED)

$(INSTALLED): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "make: needs Python 3.11 or newer; set PYTHON=")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: install
	@$(BIN)/python -m demo

# Runs the examples of specs/examples to their end on a local Azure, and checks what they made; EXAMPLES="ffmpeg povray" only these.
examples: install
	@$(BIN)/python -m demo.examples $(EXAMPLES)

# Bytecode is made and kept first, also where the surroundings would not: several processes begin with the same modules.
test: export PYTHONDONTWRITEBYTECODE =
test: install
	@$(BIN)/python -m compileall -q reconciler azure_local worker batch_autoscale
	@$(BIN)/python -m pytest --collect-only -qq -m "not slow" > .venv/.collected || { cat .venv/.collected; exit 1; }
	$(BIN)/python -m pytest -n 6 --dist worksteal -m "not slow"

# What installs real packages in a Debian of its own and in fresh environments.
test-slow: install
	$(BIN)/python -m pytest -n 2 -m slow --ignore tests/crash --ignore tests/walks

# Bad luck at every request of three workloads; CRASH_SEED=... repeats a run whose sample failed.
crash: install
	$(BIN)/python -m pytest -n 2 tests/crash

# Random walks of specs; WALKS_SEED=... repeats a run that failed.
walks: install
	$(BIN)/python -m pytest -n 2 tests/walks

lint: install
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# Plants faults in the code, one at a time, and counts those that the tests near them notice.
# All of them run once first, to know which lines each runs: some twenty minutes for a hundred faults.
mutants: install
	$(BIN)/python -m tests.mutants $(MUTANTS)

bench: install
	$(BIN)/python -m bench

# The same bytes for the same commit, wherever it is made; beside it, what it is made with (CycloneDX).
wheel: install $(AUDIT)
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m hatchling build --target wheel --directory dist
	$(AUDIT)/bin/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --output-reproducible -o dist/sbom.cdx.json

# Fails for a package with a known vulnerability, here or on nodes; names those that could not be looked up.
audit: $(AUDIT)
	@.ci/audit $(AUDIT)/bin/pip-audit requirements-dev.lock worker/requirements.lock

# In an environment of its own, so that what looks at our packages is not among them.
$(AUDIT): requirements-audit.lock
	$(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-audit.lock
	@touch $@

# Needs uv; the lock files record versions and hashes, never where they were fetched.
LOCK := uv pip compile --quiet --universal --generate-hashes --no-header

lock:
	$(LOCK) --python-version 3.11 pyproject.toml -o requirements.lock
	$(LOCK) --python-version 3.11 --extra watch --extra serve pyproject.toml -o deploy/requirements.lock
	$(LOCK) --python-version 3.11 --all-extras --group dev pyproject.toml -o requirements-dev.lock
	$(LOCK) --python-version 3.11 --group pyproject.toml:audit -o requirements-audit.lock
	$(LOCK) --python-version 3.10 worker/requirements.in -o worker/requirements.lock

clean:
	rm -rf .venv .reconcile build dist *.egg-info
