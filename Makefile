# Everything a newcomer needs. `make demo` and `make test` set up .venv themselves.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
CONSTRAINTS := -c constraints.txt
READY := $(VENV)/.ready

.PHONY: setup demo test lint results pocket bench docs clean

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check $(CONSTRAINTS) -e '.[dev,board]'
	touch $@

demo: setup  ## the main job on the embedded default: seven methods, then the probe on three priors
	$(BIN)/urlvr-bench run --out demo/runs
	$(BIN)/urlvr-bench run --protocol pocket-probe --method majority_vote --model pocket-1 --model pocket-3 --model pocket-6 --out demo/runs
	$(BIN)/urlvr-bench table demo/runs
	$(BIN)/urlvr-bench plot demo/runs --out demo/figures

test: setup  ## lint, types and all tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 $(BIN)/pytest -n 2

clean:
	rm -rf $(VENV) build dist *.egg-info demo
