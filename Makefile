# make demo: grows an example brain, shows its bill, runs it on three runtimes.   make test: all tests.
# Both set up everything they need in .venv. `make boards` builds the firmware that the emulated boards boot (Debian).
# make nightly: all tests in the sizes of CONTRIBUTING.md, for hours.
# make bench: our NPU beside other engines (once before: make bench-peers).   make budgets: what is counted, into the pages that show it.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
STAMP = $(VENV)/.installed

.PHONY: demo test nightly boards codegen codegen-check lint bench bench-peers bench-page budgets clean

demo: $(STAMP)
	$(BIN)/python examples/demo.py

test: $(STAMP)
	$(BIN)/python -m pytest -n 2 $(PYTEST_ARGS)

nightly: $(STAMP)
	NEURULA_FUZZ_FRAMES=100000000 NEURULA_UDP_FRAMES=10000000 NEURULA_FAILSAFE_TRIALS=100000 NEURULA_FUZZ_GENOMES=200000 \
	NEURULA_FUZZ_IMAGES=300000 NEURULA_FUZZ_RECORDINGS=30000 NEURULA_BODY_SEEDS=30 NEURULA_BRIDGE_SECONDS=120 \
	NEURULA_BOARD_SECONDS=10 NEURULA_PICO_BURSTS=10000 NEURULA_EDITED_BRAINS=1000 $(BIN)/python -m pytest -n 2 $(PYTEST_ARGS)

boards: $(STAMP)
	$(BIN)/python boards/build_firmware.py
	$(BIN)/python boards/build_emulator.py

codegen: $(STAMP)
	$(BIN)/python -m neurula_codegen

codegen-check: $(STAMP)
	$(BIN)/python -m neurula_codegen --check

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(STAMP)
	$(BIN)/pip install --quiet --editable ".[bench]"
	$(BIN)/python benchmarks/burst.py $(BENCH_ARGS)

bench-peers:
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/pip install --quiet --requirement benchmarks/npu/peers.txt

bench-page: $(STAMP)
	$(BIN)/python benchmarks/burst.py --table

budgets: $(STAMP)
	$(BIN)/python benchmarks/pages.py

clean:
	rm -rf $(VENV) .venv-peers build dist device/neurula_npu/*.so

$(STAMP): pyproject.toml setup.py device/neurula_npu/compiled.pyx $(wildcard device/neurula_npu/*.h)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --editable ".[dev,sim,flash,bodies]"
	echo "$(CURDIR)/codegen" > $$($(BIN)/python -c "import sysconfig; print(sysconfig.get_path('purelib'))")/neurula_codegen.pth
	touch $(STAMP)
