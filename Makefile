# The whole product in three words: `make setup`, `make demo`, `make test`.

UV_VERSION := 0.13.9
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
SYNC = VIRTUAL_ENV=$(VENV) $(UV) pip sync --quiet --require-hashes

export PREFECT_SERVER_ANALYTICS_ENABLED = false
export DO_NOT_TRACK = 1
export DBT_SEND_ANONYMOUS_USAGE_STATS = false

.PHONY: setup demo test up down lock clean

setup: $(VENV)/.runtime

demo: setup
	@$(BIN)/plumbline demo

test: $(VENV)/.tests
	@$(BIN)/plumbline check

up down: setup
	@$(BIN)/plumbline $@

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "Plumbline needs Python 3.11, 3.12 or 3.13; set PYTHON=/path/to/one"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

# The tests' environment holds everything of the runtime's, so either stamp is enough to run the product.
$(VENV)/.runtime: $(UV) requirements.lock pyproject.toml
	@test -e $(VENV)/.tests || { $(SYNC) requirements.lock && $(MAKE) --no-print-directory _install; }
	@touch $@

$(VENV)/.tests: $(UV) requirements-test.lock pyproject.toml
	@$(SYNC) requirements-test.lock
	@$(MAKE) --no-print-directory _install
	@touch $@ $(VENV)/.runtime

.PHONY: _install
_install:
	@VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --no-deps --no-build-isolation --editable .

lock: $(UV)
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  pyproject.toml -o requirements.lock
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  pyproject.toml --group test -c requirements.lock -o requirements-test.lock

clean:
	rm -rf $(VENV) .plumbline
