# Keyfollow: one environment in .venv for everything. `make help` lists what there is to do.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash

# The Python to build .venv from; 3.11 or newer.
PYTHON ?= python3
# The torch requirement, e.g. TORCH='torch==2.13.0'. It is installed before the extra `diffusion`, which then finds its own
# requirement satisfied. Where pyproject.toml declares no such extra it is not used.
TORCH ?= torch

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check
# Stamps: what was installed for the pyproject.toml of that time. `dev` holds all that `core` does.
CORE := $(VENV)/.installed-core
DEV := $(VENV)/.installed-dev
CODE := $(foreach d,shared daemon desktop_app blender_addon installers tests benchmarks examples tools,$(if $(shell find $(d) -name '*.py' -print -quit 2>/dev/null),$(d)))

# Tests start hundreds of processes: each would compile our modules anew, and pytest rewrite 540 of them, 17 s for each of its own.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo test test-faults test-long check bench blender blenders docs deb tarball appimage clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(DEV) ## everything for development, in .venv

demo: $(CORE) ## install the core only and carry the example edit through the example clip
	@$(VENV)/bin/keyfollow demo

# most tests wait for processes of their own: two at a time; a file's tests share what they start from
test: $(DEV) ## all tests but faults and long ones
	@$(PY) -m pytest -m "not faults and not long" --numprocesses 2 --dist loadfile --no-loadscope-reorder

# pytest's status 5 says that no test has the marker
test-faults: $(DEV) ## kills, full disks, hostile input: the promises, with small counts
	@$(PY) -m pytest -m "faults and not long" --numprocesses 2 --dist loadfile --no-loadscope-reorder || [ $$? -eq 5 ]

test-long: $(DEV) ## the promises with their full counts; takes hours
	@KEYFOLLOW_COUNTS=long $(PY) -m pytest -m "faults or long" || [ $$? -eq 5 ]

check: $(DEV) ## lint, format, types, import contracts, layout, mirrored tests, module sizes
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy conftest.py $(CODE)
	@$(VENV)/bin/lint-imports --no-logo
	@status=0; for check in tools/check_*.py; do $(PY) $$check || status=1; done; exit $$status

bench: $(DEV) ## run the benchmarks one after another
	@set -e; for file in $(wildcard benchmarks/*.py); do echo "== $$file"; $(PY) $$file; done

blender: $(DEV) ## build the Blender extension into dist/blender
	@$(PY) installers/build_blender_extension.py --output dist/blender

blenders: $(DEV) ## fetch the Blenders and wheels that tests use into ~/.cache/keyfollow-tests, for tests without a network
	@PYTHONPATH=tests/kit $(PY) -m keyfollow_testkit.blenders

docs: $(DEV) ## build the documentation's site into build/site
	@$(PY) -m mkdocs build --quiet

deb: ## build dist/keyfollow_VERSION_ARCH.deb for this Debian's Python
	@PIP=$(PYTHON) installers/linux/build_deb.sh dist

tarball: ## build dist/keyfollow-VERSION-linux-ARCH.tar.gz: every wheel, and install.sh for other Linuxes
	@PIP=$(PYTHON) installers/linux/build_tarball.sh dist

appimage: ## why there is none; builds the tarball in its place
	@echo "No AppImage: its tool and the relocatable Python it would hold are in none of our registries (docs/install.md). In its place:"
	@$(MAKE) --no-print-directory tarball

clean: ## remove all that make made, .venv too
	rm -rf $(VENV) demo-output dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit("Keyfollow needs Python 3.11 or newer: make PYTHON=/path/to/python3.11" if sys.version_info < (3, 11) else 0)'
	@echo "Making $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(CORE): pyproject.toml | $(PY)
	@echo "Installing keyfollow"
	@$(PIP) install -qq --editable .
	@touch $@

# pip reads dependency groups from 25.1 on
$(DEV): pyproject.toml | $(PY)
	@echo "Installing keyfollow and what its development needs"
	@$(PIP) install -qq --upgrade 'pip>=25.1'
	@extras=$$($(PY) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"].get("optional-dependencies", ()), sep=",")') && \
	case ",$$extras," in *,diffusion,*) $(PIP) install -qq '$(TORCH)';; esac && \
	$(PIP) install -qq --editable ".$${extras:+[$$extras]}" --group dev
	@touch $(CORE) $@
