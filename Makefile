# Two commands matter: `make demo` shows the system, `make test` checks it.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
WORKERS ?= 2

.PHONY: setup demo test lint translate bench lock assets assets-check clean
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

# The bundles of web/static/bundles from the sources in web/assets; only who changes those needs Node.
NPM := npm --prefix web/assets --no-audit --no-fund --loglevel=error
MODULES := web/assets/node_modules/.package-lock.json

$(MODULES): web/assets/package.json web/assets/package-lock.json
	$(NPM) ci --ignore-scripts
	@touch $@

assets: $(MODULES)
	node web/assets/build.mjs

# From a clean installation, the committed bundles must come out again byte for byte.
assets-check:
	@command -v node >/dev/null && command -v npm >/dev/null || \
	  { echo "assets-check needs Node.js 20 or newer with npm, and found none" >&2; exit 1; }
	$(NPM) ci --ignore-scripts
	@made=$$(mktemp -d) && trap 'rm -rf "$$made"' EXIT && node web/assets/build.mjs "$$made" && \
	  diff -rq web/static/bundles "$$made" || \
	  { echo "web/static/bundles is not what web/assets builds: run make assets and commit" >&2; exit 1; }

# Everything that can be made again. The data in var/ stay: `danbao db erase` deletes those.
clean:
	@if [ -x $(BIN)/danbao ]; then $(BIN)/danbao db stop; fi
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis \
	  .import_linter_cache web/assets/node_modules
	find engine web notifications tests -name __pycache__ -type d -prune -exec rm -rf {} +
