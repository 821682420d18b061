# make run    set everything up and see drafts rewritten       make check  lint, types and unit tests
# make test   everything but the long tests                        make test-slow  the long ones
# Nothing but python3 and pip is needed. LOCK chooses the environment; see README.md for CUDA and ROCm.

PYTHON ?= python3
VENV ?= .venv
LOCK ?= requirements/cpu.lock
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed-$(notdir $(LOCK))
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PYTEST := $(BIN)/python -m pytest
# Two groups of tests at a time, each with one thread: threads of two that share two cores wait for one another.
ONE_THREAD := OMP_NUM_THREADS=1 LLAMA_ARG_THREADS=1 VLLM_CPU_OMP_THREADS_BIND=nobind

REAL = $(ONE_THREAD) $(PYTEST) -q -n 2 --no-loadscope-reorder tests/real

.PHONY: setup run check test test-slow writers docs lock lock-check clean

run: setup
	@$(BIN)/nic-voice quickstart

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --cache-dir $(VENV)/mypy
	$(PYTEST) -q -n auto --maxprocesses 4 --dist worksteal tests/unit

test: check
	$(REAL) -m "not slow"

test-slow: setup
	$(REAL) -m slow

# What comes with the package, learned from voice/writers: the ways there and back, and the judge; about two hours.
writers: setup
	$(BIN)/python -m training.writers

# The tables and the file tree in README.md and docs/, made from the code.
docs: setup
	$(BIN)/python -m docs.generate

setup: $(INSTALLED)

# --no-deps: the lock is complete, and leaves out what breaks beside a CPU torch (see docs/LOG.md). The CPU build of
# torch comes first, because PyPI's own is for CUDA; where pip does not find it by itself, CPU_TORCH is a page of its files,
# or a folder. The CUDA lock has hashes, so that pip cannot take a CPU build of the same version that it finds first.
CPU_TORCH ?= https://download.pytorch.org/whl/cpu/torch/
$(INSTALLED): $(LOCK) pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing $(LOCK) into $(VENV) (several GB, a few minutes) ..."
	@if grep -q '+cpu$$' $(LOCK) && ! $(BIN)/python -c 'import torch' 2>/dev/null; then \
	    $(PIP) install --no-deps $$(grep -h '^torch==' $(LOCK)) 2>/dev/null || \
	    $(PIP) install --no-deps --find-links $(CPU_TORCH) $$(grep -h '^torch==' $(LOCK)); \
	fi
	@$(PIP) install --no-deps --requirement $(LOCK)
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

# Resolve the locks anew (needs uv: pip install uv). Only the CPU's may see CPU_TORCH: a CPU build among what the CUDA
# one is resolved from ends up in it.
UV_COMPILE = uv pip compile pyproject.toml --extra dev --no-header --no-annotate --python-version 3.11
lock:
	$(UV_COMPILE) --extra cpu --override requirements/cpu-overrides.txt --output-file requirements/cpu.lock \
	    --find-links $(CPU_TORCH)
	UV_FIND_LINKS= $(UV_COMPILE) --extra cuda --override requirements/cuda-overrides.txt \
	    --output-file requirements/cuda.lock --python-platform x86_64-manylinux_2_28 --upgrade-package torch \
	    --generate-hashes

# Install LOCK into an environment of its own (a CUDA one is 12 GB), see that all of it is there and can be imported.
lock-check:
	rm -rf $(VENV)-check
	$(MAKE) setup VENV=$(VENV)-check LOCK=$(LOCK)
	$(VENV)-check/bin/python requirements/check.py $(LOCK)
	rm -rf $(VENV)-check

clean:
	rm -rf $(VENV) demo build *.egg-info .ruff_cache .pytest_cache
