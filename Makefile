# Each target makes the virtual environment that it needs, once; it is made
# again when its requirements change. PYTHON chooses the interpreter
# (3.11, 3.12 or 3.13): make demo PYTHON=python3.12
PYTHON ?= python3
PYTHON_TFA ?= python3.11
# Interpreters that the wheel is tried on, where they are here; pyenv's own
# commands are there for versions that are not.
WHEEL_PYTHONS ?= $(foreach version,3.11 3.13,$(firstword $(shell for python in \
	python$(version) $(HOME)/.pyenv/versions/$(version).*/bin/python3; do \
	$$python -c '' 2>/dev/null && echo $$python; done)))
# pytest workers; each is held to one thread, so that N workers use N cores.
WORKERS ?= 2
# Photos that `make bench` compresses.
IMAGES ?= stegastamp/assets

PIP_INSTALL = -m pip install -qq --disable-pip-version-check \
	--retries 10 --timeout 60
ONE_THREAD = OMP_NUM_THREADS=1 TF_NUM_INTRAOP_THREADS=1 \
	TF_NUM_INTEROP_THREADS=1
ONE_THREAD_XLA = XLA_FLAGS="--xla_cpu_multi_thread_eigen=false \
	intra_op_parallelism_threads=1"

RUNTIME = .venv-runtime/bin/python
TEST = .venv-test/bin/python
TFA = .venv-tfa/bin/python

.PHONY: demo test lint test-tensorflow test-jax wheel-test bench parity clean

demo: .venv-runtime/.installed
	@$(RUNTIME) -m stegastamp.demo --save_dir demo_output

# All parts run, whatever fails before them; the last line says what failed.
test: .venv-test/.installed
	@failed=; for part in lint test-tensorflow test-jax; do \
		$(MAKE) --no-print-directory $$part || failed="$$failed $$part"; \
	done; \
	if [ "$$failed" ]; then echo "error: failed:$$failed" >&2; exit 1; fi

lint: .venv-test/.installed
	@$(TEST) -m ruff check .
	@$(TEST) -m ruff format --check .
	@$(TEST) -m pyright --pythonpath $(TEST)

test-tensorflow: .venv-test/.installed
	$(ONE_THREAD) KERAS_BACKEND=tensorflow \
		$(TEST) -m pytest -q -n $(WORKERS) --dist worksteal tests

# What touches no backend has run on TensorFlow.
test-jax: .venv-test/.installed
	$(ONE_THREAD) $(ONE_THREAD_XLA) KERAS_BACKEND=jax \
		$(TEST) -m pytest -q -n $(WORKERS) --dist worksteal --only-backend \
		tests

# What is committed, packed, installed into nothing, and used elsewhere.
wheel-test:
	@$(PYTHON) tests/wheel_smoke.py $(or $(strip $(WHEEL_PYTHONS)),$(PYTHON))

bench: .venv-test/.installed
	@mkdir -p runs/bench
	$(TEST) -m benchmarks.stamp_latency \
		--output runs/bench/stamp_latency.json --overwrite
	$(TEST) -m benchmarks.jpeg_fidelity --images_dir $(IMAGES) \
		--output runs/bench/jpeg_fidelity.json --overwrite
	$(TEST) -m benchmarks.training_speed \
		--output runs/bench/training_speed.json --overwrite
	KERAS_BACKEND=jax $(TEST) -m benchmarks.training_speed \
		--output runs/bench/training_speed_jax.json --overwrite
	$(TEST) -m benchmarks.stego_speed \
		--output runs/bench/stego_speed.json --overwrite
	$(TEST) -m benchmarks.dcgan_training_speed --preset quick --seconds 5 \
		--output runs/bench/dcgan_training_speed.json --overwrite
	$(TEST) -m benchmarks.malicious_ae_latency \
		--output runs/bench/malicious_ae_latency.json --overwrite
	$(TEST) -m benchmarks.agns_training \
		--output runs/bench/agns_training.json --overwrite

# tensorflow-addons computes its answers in its own environment; ours are
# compared with them in the test environment.
parity: .venv-tfa/.installed .venv-test/.installed
	@mkdir -p runs/parity
	@TF_CPP_MIN_LOG_LEVEL=3 $(TFA) tests/parity/reference.py \
		runs/parity/tfa.npz
	TFA_REFERENCE=runs/parity/tfa.npz $(TEST) -m pytest -q tests/parity

.venv-runtime/.installed: requirements-runtime.txt
.venv-test/.installed: requirements.txt requirements-runtime.txt \
	requirements-dev.txt
.venv-tfa/.installed: requirements-tfa.txt

.venv-runtime/.installed:
	@$(call make_venv,$(PYTHON),.venv-runtime,-r requirements-runtime.txt)

.venv-test/.installed:
	@$(call make_venv,$(PYTHON),.venv-test,\
		-r requirements.txt -r requirements-dev.txt)

.venv-tfa/.installed:
	@$(call make_venv,$(PYTHON_TFA),.venv-tfa,-r requirements-tfa.txt)

# $(1) interpreter, $(2) folder, $(3) requirements. A killed or failed install
# leaves no .installed, so that the next run starts from nothing. The second
# attempt is for a dropped connection; it reuses what the first one fetched.
define make_venv
$(1) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo "error: $(1) is missing or older than Python 3.11;" \
	"name another, e.g. PYTHON=python3.12" >&2; exit 1; }; \
echo "Making $(2) (once) ..." && \
rm -rf $(2) && $(1) -m venv $(2) && \
{ $(2)/bin/python $(PIP_INSTALL) $(3) || \
	$(2)/bin/python $(PIP_INSTALL) $(3); } && \
touch $@
endef

clean:
	rm -rf .venv-runtime .venv-test .venv-tfa demo_output runs/parity \
		.pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
