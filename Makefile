# Sets up and runs everything. Each target works on a fresh machine with Python 3.11 (with venv), git and make.
#
#   make run         sets up, then runs the tracker, a broken shop and a mail catcher: `kaput demo`
#   make test        sets up, then runs every test; ARGS="tests/buffer -k torn" runs some
#   make test-min    the tests of the Flask extension with the lowest Flask and Werkzeug that it works with
#   make torture     kills and damages a server under load for 100 rounds; ARGS="--rounds 20 --seed 1" for others
#   make check       formatting, lint and types
#   make bench       benchmarks; each prints the machine, the versions and its figures as ratios to a floor
#   make fuzz        a million odd inputs to everything that reads what arrives; INPUTS=1000 for fewer
#   make docs        writes the pages of docs/ that are made from the code
#   make screenshot  takes the picture in README from the running demo

SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PIP := -m pip --disable-pip-version-check --quiet install
DEBIAN := chromium strace rsyslogd
JAVASCRIPT := tests/live/javascript
CLIENTS := .venv-raven/stamp .venv-sentry1/stamp .venv-programs/stamp $(JAVASCRIPT)/node_modules/.package-lock.json
ARGS ?=
INPUTS ?= 1000000

.PHONY: run test test-min torture check bench fuzz docs screenshot debian
.DELETE_ON_ERROR:

run: .venv/runtime.stamp
	@exec $(BIN)/kaput demo

test: .venv/development.stamp $(CLIENTS) debian
	$(BIN)/pytest $(ARGS)
	$(if $(ARGS),,$(MAKE) test-min)

test-min: .venv/development.stamp .venv-min/stamp
	.venv-min/bin/python -m pytest $(or $(ARGS),tests/flask_kaput)

torture: .venv/development.stamp
	$(BIN)/python -m tests.live.torture $(ARGS)

check: .venv/development.stamp
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

bench: DEBIAN := wrk
bench: .venv/development.stamp debian
	@for file in benchmarks/*.py; do name="$${file##*/}"; $(BIN)/python -m "benchmarks.$${name%.py}" || exit 1; done

fuzz: .venv/development.stamp
	$(BIN)/python -m tests.fuzz --inputs $(INPUTS)

docs: .venv/development.stamp
	$(BIN)/python docs/settings.py > docs/settings.md
	$(BIN)/python docs/commands.py > docs/commands.md
	$(BIN)/python docs/flask_settings.py > docs/flask-settings.md

screenshot: .venv/development.stamp debian
	$(BIN)/python docs/screenshot.py

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Kaput needs Python 3.11 or later; this is " + sys.version.split()[0] + ". Name another one: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv .venv

.venv/runtime.stamp: requirements.txt pyproject.toml | .venv/bin/python
	$(BIN)/python $(PIP) -r requirements.txt
	$(BIN)/python $(PIP) --no-deps --editable .
	@touch $@

.venv/development.stamp: requirements-dev.txt .venv/runtime.stamp
	$(BIN)/python $(PIP) -r requirements.txt -r requirements-dev.txt
	@touch $@

# Clients that tests report with. Each lives apart, so that it meets no requirement of ours or of another one.
.venv-%/stamp: requirements-%.txt
	$(PYTHON) -m venv .venv-$*
	.venv-$*/bin/python $(PIP) -r $<
	@touch $@

# The lowest versions stand before everything else that the tests need, which is taken from the usual place.
.venv-min/stamp: requirements-min.txt
	$(PYTHON) -m venv .venv-min
	.venv-min/bin/python $(PIP) --no-deps -r $<
	.venv-min/bin/python -c 'import pathlib, sysconfig; pathlib.Path(sysconfig.get_path("purelib"), "usual.pth").write_text("import site; site.addsitedir(\"$(CURDIR)/.venv/" + pathlib.Path(sysconfig.get_path("purelib")).relative_to("$(CURDIR)/.venv-min").as_posix() + "\")")'
	@touch $@

# Nothing that a package brings is run at its installation.
$(JAVASCRIPT)/node_modules/.package-lock.json: $(JAVASCRIPT)/package-lock.json | .venv-programs/stamp
	cd $(JAVASCRIPT) && PATH="$(CURDIR)/.venv-programs/bin:$$PATH" npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

# Programs that tests start: a browser, strace to see the sync before the answer, a syslog; for benchmarks the load.
# A program is in the package of its name, but for rsyslogd.
debian:
	@missing=; for name in $(DEBIAN); do \
	  PATH="$$PATH:/usr/sbin" command -v $$name >/dev/null || missing="$$missing $${name/rsyslogd/rsyslog}"; done; \
	[ -z "$$missing" ] && exit 0; \
	if [ "$$(id -u)" = 0 ]; then as=; elif sudo -n true 2>/dev/null; then as="sudo -n"; else \
	  echo "This needs$$missing. Install with: sudo apt-get install --yes$$missing" >&2; exit 1; fi; \
	$$as apt-get update --quiet && DEBIAN_FRONTEND=noninteractive $$as apt-get install --yes --quiet --no-install-recommends$$missing
