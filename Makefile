# Two commands matter: `make demo` shows the system, `make test` checks it.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
WORKERS ?= 2

.PHONY: setup demo test lint translate bench lock clean
.DELETE_ON_ERROR:

setup: $(STAMP)

# The stamp is made last, so an interrupted installation is begun again.
$(STAMP): requirements.lock pyproject.toml .ci/install
	@PYTHON="$(PYTHON)" .ci/install
	@touch $@

demo: setup
	@$(BIN)/danbao demo

test: setup
	@.ci/install-browser
	$(BIN)/pytest -n $(WORKERS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Every text has an English translation (`python -m web.translate` lists and merges them).
translate: setup
	@$(BIN)/python -m web.translate check

bench: setup
	@$(BIN)/python -m tests.bench

# After a change of the dependencies in pyproject.toml. Written without any registry's address.
lock: $(STAMP)
	$(BIN)/uv pip compile --quiet --all-extras --universal --generate-hashes --no-emit-index-url \
	  --python-version 3.11 -o requirements.lock pyproject.toml

# Everything that can be made again. The data in var/ stay: `danbao db erase` deletes those.
clean:
	@if [ -x $(BIN)/danbao ]; then $(BIN)/danbao db stop; fi
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis \
	  .import_linter_cache
	find engine web notifications tests -name __pycache__ -type d -prune -exec rm -rf {} +
