# The course's everyday commands. `make` alone lists them.
#
# The environment lives in .venv. An empty file in it, a stamp, remembers what was installed, so that a command installs
# again only after pyproject.toml or constraints.txt has changed.

VENV := .venv
PYTHON := $(VENV)/bin/python

.DEFAULT_GOAL := help
.PHONY: help lab fresh test lint format notebooks results bench

help:  ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

lab: $(VENV)/course.stamp  ## open the course in the browser
	@$(PYTHON) -m rnn_lab lab

fresh: $(VENV)/course.stamp  ## put a pristine chapter beside your own: make fresh CHAPTER=02
	@$(PYTHON) -m rnn_lab fresh $(CHAPTER)

test: $(VENV)/test.stamp  ## run every test, the notebooks among them
	@echo "Running the tests and the notebooks."
	@$(PYTHON) -m pytest --numprocesses=2 --dist=loadfile

lint: $(VENV)/lint.stamp  ## check format, style and types
	@$(PYTHON) -m ruff format --check
	@$(PYTHON) -m ruff check
	@$(PYTHON) -m mypy

format: $(VENV)/lint.stamp  ## format the code and mend what can be mended
	@$(PYTHON) -m ruff format
	@$(PYTHON) -m ruff check --fix

notebooks: $(VENV)/test.stamp  ## run every notebook in place, from a fresh kernel
	@$(PYTHON) tools/execute.py

results: $(VENV)/test.stamp  ## gather every claim and headline number into RESULTS.md
	@$(PYTHON) tools/results.py

bench: $(VENV)/test.stamp  ## measure the speed of figures and layers
	@$(PYTHON) tests/benchmarks/run.py

# `python -m venv` asks for a working ensurepip, which Debian keeps in a package of its own.
$(PYTHON):
	@for python in python3 python3.13 python3.12 python3.11 python; do \
	    $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
	    python=; \
	done; \
	if [ -z "$$python" ]; then \
	    echo "The course needs Python 3.11 or newer, and none was found as python3. Install it from python.org or with your system's package manager, then repeat the command."; \
	    exit 1; \
	fi; \
	if ! $$python -c 'import venv, ensurepip' 2>/dev/null; then \
	    echo "$$($$python --version) has no venv module. On Debian or Ubuntu: sudo apt install python3-venv, then repeat the command."; \
	    exit 1; \
	fi; \
	echo "Making an environment in $(VENV) with $$($$python --version)."; \
	$$python -m venv --clear $(VENV)

$(VENV)/course.stamp: pyproject.toml constraints.txt $(PYTHON)
	@echo "Installing the course and JupyterLab into $(VENV). The first time, this takes a minute or two."
	$(call install,.)

$(VENV)/%.stamp: pyproject.toml constraints.txt $(PYTHON)
	@echo "Installing what 'make $*' needs into $(VENV). The first time, this takes a minute or two."
	$(call install,.[$*])

define install
	@$(PYTHON) -m pip install --quiet --quiet --disable-pip-version-check --constraint constraints.txt --editable '$(1)' || { \
	    echo "The packages could not be installed; pip says why above. Is this machine online? Then repeat the command."; \
	    exit 1; \
	}
	@touch $@
endef
