# The commands of this project. A machine needs Python 3.11 or newer with venv, and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CREATED := $(VENV)/.stamp-created
LOCAL := $(VENV)/.stamp-local
DEVELOPMENT := $(VENV)/.stamp-development
TEMPLATES = $(shell find templates */templates */*/*/templates -name '*.html' 2>/dev/null)
# The checks load the settings but connect to no service, so they need no running service and no configuration.
CHECK_ENVIRONMENT = ROSTER_DATA=/nonexistent SANDBOX=0 PORT=8000 SECRET_KEY=check DATABASE_POOL_SIZE=0 DATABASE_URL=postgres://app@127.0.0.1:1/roster \
	DATABASE_OWNER_URL=postgres://owner@127.0.0.1:1/roster REDIS_URL=redis://127.0.0.1:1/0 \
	PLATFORM_ENCRYPTION_KEYS=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=

.PHONY: run test check quick bench chaos isolation schema fuzz test-stripe requirements clean local development system browser pgbouncer rebuild

sync = echo "Installing $(1) ..." && $(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes $(1)

run: local
	@exec $(BIN)/python -m config.local.run

# mypy takes half a minute on one core, so it runs alongside the tests. Its errors are printed at once and again at the end.
test:
	@$(MAKE) --no-print-directory -j 2 development system
	@$(MAKE) --no-print-directory quick
	@log=$(VENV)/types.log; ($(TYPES) >$$log 2>&1 || { cat $$log; false; }) & types=$$!; \
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder; tests=$$?; \
	wait $$types || { cat $(VENV)/types.log; tests=1; }; exit $$tests

TYPES = $(CHECK_ENVIRONMENT) $(BIN)/mypy .

check: quick
	$(TYPES)

quick: development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@$(if $(TEMPLATES),$(BIN)/djade --check $(TEMPLATES))
	$(BIN)/lint-imports
	$(CHECK_ENVIRONMENT) $(BIN)/python manage.py makemigrations --check --dry-run --skip-checks

bench: development
	$(BIN)/python -m tests.bench

chaos: development
	$(BIN)/python -m tests.chaos
	AMBIGUOUS=1000 $(BIN)/python -m pytest -n 0 --timeout 1800 tests/channels/test_whatsapp_doubt.py

# The long form of a proof of which `make test` runs a part: every combination, 10,000 interleaved requests.
isolation: development pgbouncer
	ISOLATION=full $(BIN)/python -m pytest tests/isolation -s

# Proves that creating dj-stripe's tables directly (config/local/schema.py) gives the same schema as its migrations. Takes
# a minute.
schema: development
	SCHEMA=1 $(BIN)/python -m pytest tests/schema

# Billing's flows against Stripe itself, in test mode: STRIPE_SECRET_KEY=sk_test_... make test-stripe
STRIPE_FLOWS = $(patsubst %,tests/billing/test_%.py,seat_changes cards_and_time sync doubles races leaving buying setup)
test-stripe: development
	REAL_STRIPE=1 $(BIN)/python -m pytest --timeout=900 $(STRIPE_FLOWS)

fuzz: development
	FUZZ=long $(BIN)/python -m pytest tests/fuzz tests/security/test_hostile_input.py tests/sandbox/test_stripe_money.py

# Three sets with the same versions, each containing the one before: production, plus what `make run` needs, plus what
# tests need.
compile = $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 pyproject.toml
requirements: $(CREATED)
	$(compile) --output-file requirements.txt
	$(compile) --extra local --constraints requirements.txt --output-file requirements-local.txt
	$(compile) --extra local --group dev --constraints requirements-local.txt --output-file requirements-dev.txt

# The data folder stays: it has databases and keys.
clean:
	rm -rf $(VENV) .static .hypothesis .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One after the other, because apt-get takes a lock.
system:
	@$(MAKE) --no-print-directory browser
	@$(MAKE) --no-print-directory pgbouncer

# The headless shell is Chromium without its windows and needs a third of the CPU time, so root gets it even beside another.
INSTALL = DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends
browser:
	@if command -v chromium-headless-shell >/dev/null; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && for name in chromium-headless-shell chromium; do \
			$(INSTALL) $$name fonts-liberation fonts-inter >/dev/null && exit 0; done; fi; \
	for name in chromium chromium-browser google-chrome google-chrome-stable; do \
		if command -v $$name >/dev/null; then exit 0; fi; done; \
	if [ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ]; then exit 0; fi; \
	echo "No browser found: install Chromium (on Debian: apt-get install chromium); the browser tests are skipped."

pgbouncer:
	@if command -v pgbouncer >/dev/null || [ -x /usr/sbin/pgbouncer ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && $(INSTALL) pgbouncer >/dev/null && exit 0; fi; \
	echo "PgBouncer is not installed (on Debian: apt-get install pgbouncer); its test is skipped."

# The development set contains the local set, so `make run` works with either.
local: $(CREATED)
	@if [ ! $(LOCAL) -nt requirements-local.txt ] && [ ! $(DEVELOPMENT) -nt requirements-dev.txt ]; then \
		$(call sync,requirements-local.txt) && rm -f $(DEVELOPMENT) && touch $(LOCAL); fi

development: $(CREATED)
	@if [ ! $(DEVELOPMENT) -nt requirements-dev.txt ]; then \
		$(call sync,requirements-dev.txt) && rm -f $(LOCAL) && touch $(DEVELOPMENT); fi

# pip only installs the pinned uv, which is several times faster and installs the rest.
$(CREATED): $(if $(wildcard $(BIN)/python),,rebuild)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is missing or older than Python 3.11: install a newer one, or name it: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot create virtual environments: install its venv package (on Debian: apt-get install python3-venv)."; exit 1; }
	@echo "Creating $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@sed -n '/^uv==/,/[^\]$$/p' requirements-dev.txt > $(VENV)/uv.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $(VENV)/uv.txt
	@touch $@

rebuild:
