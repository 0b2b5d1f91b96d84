# Souk: `make run` starts everything, `make test` proves it. Needs Python 3.11 or later and make.
PYTHON ?= python3
BIN := .venv/bin

# Dozens of processes start from the same files: compiled once, each starts in half the time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup run test bench faults

setup: .venv/ready

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Souk needs Python 3.11 or later: make PYTHON=python3.12 …")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "setup: installing what requirements.lock pins"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

run: setup
	@exec $(BIN)/souk up $(ARGS)

test: setup
	@tests/examples/install.sh
	@echo "format"  && $(BIN)/ruff format --check --quiet . || { echo "run: $(BIN)/ruff format ."; exit 1; }
	@echo "lint"    && $(BIN)/ruff check --quiet --output-format=concise .
	@echo "types"   && $(BIN)/mypy --no-error-summary
	@echo "imports" && $(BIN)/lint-imports > .venv/imports.log || { cat .venv/imports.log; exit 1; }
	@echo "tests"   && $(BIN)/pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder --tb=line -r fEs $(TESTS)

# Disasters under load: make faults, make faults N=5 SEED=7, make faults ARGS="--only 'kill postgres'"
faults: setup
	@$(BIN)/python -m tests.faults --rounds $(or $(N),40) $(if $(SEED),--seed $(SEED)) $(ARGS)

bench: setup
	@$(BIN)/python -m benchmarks $(ARGS)
