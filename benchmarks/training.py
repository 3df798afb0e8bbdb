"""What the benchmarks of training share: flags, batches and the stopwatch."""

import os
import statistics
import time

import keras
from absl import flags

from benchmarks.common import define_common_flags, measure_matrix_product
from shared.errors import UserError
from shared.training import limit_threads

STEPS_PER_EPOCH = 5
# A median of fewer would be what the machine happened to do beside it.
LEAST_EPOCHS = 6


def define_training_flags() -> None:
    """Defines the flags that every benchmark of training takes."""
    # Without XLA every operation runs on its own on JAX.
    modes = ["on"] if keras.backend.backend() == "jax" else ["off", "on"]
    flags.DEFINE_list("jit_compile", modes, "off, on, or both.")
    flags.DEFINE_enum(
        "precision",
        "float32",
        ["float32", "mixed_bfloat16", "mixed_float16"],
        "Keras dtype policy.",
    )
    flags.DEFINE_float(
        "seconds", 10.0, "How long to train for each number.", lower_bound=0.0
    )
    define_common_flags()


def start() -> dict:
    """Sets threads and precision.

    Returns:
        What a result must name of the circumstances: `backend`, `cores`,
        `threads`, `precision`, and `matrix_gflops` of the machine.

    Raises:
        UserError: If --jit_compile names another mode than off and on.
    """
    values = flags.FLAGS
    for mode in values.jit_compile:
        if mode not in ("off", "on"):
            raise UserError(f"--jit_compile: {mode!r} is neither off nor on")
    limit_threads(values.threads)
    keras.config.set_dtype_policy(values.precision)
    return {
        "backend": keras.backend.backend(),
        "cores": os.cpu_count(),
        "threads": values.threads,
        "precision": values.precision,
        "matrix_gflops": measure_matrix_product() / 1e9,
    }


class Alternating(keras.utils.PyDataset):
    """Batches as in training, or one that lies ready, as `ready` says."""

    def __init__(self, batches):
        super().__init__(workers=1)
        self.batches = batches
        self.first = batches[0]
        self.ready = False

    def __len__(self):
        return STEPS_PER_EPOCH

    def __getitem__(self, index):
        return self.first if self.ready else self.batches[index]


class Stopwatch(keras.callbacks.Callback):
    """Times epochs on loaded and on ready batches in turn.

    A machine's speed drifts; two measurements that take turns see the same.
    The first epoch of each compiles and warms up. It is the callback that
    switches: Keras ends a data set's epoch once before the first begins.
    """

    def __init__(self, data, seconds, clock):
        super().__init__()
        self.data = data
        self.seconds = seconds
        self.clock = clock
        self.times = {False: [], True: []}

    def on_epoch_begin(self, epoch, logs=None):
        self.data.ready = epoch % 2 == 1
        self.start = self.clock()
        if epoch == 2:
            self.end = self.start + self.seconds

    def on_epoch_end(self, epoch, logs=None):
        # Keras has read the metrics by now, so the device is done.
        now = self.clock()
        if epoch >= 2:
            self.times[self.data.ready].append(now - self.start)
            enough = now >= self.end and epoch > LEAST_EPOCHS
            self.model.stop_training = enough


def measure_step(
    game, batches, seconds: float, clock=time.perf_counter
) -> tuple[float, float]:
    """Trains for some time, on loaded and on ready batches in turn.

    Args:
        game: Compiled Keras model.
        batches: `STEPS_PER_EPOCH` batches.
        seconds: How long; some epochs are always counted.
        clock: Returns the time in seconds.

    Returns:
        Seconds of a step on batches as in training, and on one that lies
        ready: medians over the epochs, of which the first two do not count.
    """
    data = Alternating(batches)
    watch = Stopwatch(data, seconds, clock)
    game.fit(
        data,
        epochs=100_000,
        verbose=0,
        shuffle=False,
        callbacks=[watch],
    )
    loading, ready = (
        statistics.median(watch.times[each]) / STEPS_PER_EPOCH
        for each in (False, True)
    )
    return loading, ready


def measure_training(build, batches) -> dict:
    """Trains in each mode of --jit_compile, with and without loading.

    Args:
        build: Makes a compiled model from the value of `jit_compile`.
        batches: `STEPS_PER_EPOCH` batches.

    Returns:
        By mode: `steps_per_second` on batches as in training,
        `ready_steps_per_second` on one that lies ready, and `data_wait`, the
        share of a step that loading adds.
    """
    result = {}
    for mode in flags.FLAGS.jit_compile:
        keras.backend.clear_session()
        loading, ready = measure_step(
            build(mode == "on"), batches, flags.FLAGS.seconds
        )
        result[mode] = {
            "steps_per_second": 1 / loading,
            "ready_steps_per_second": 1 / ready,
            "data_wait": max(0.0, 1 - ready / loading),
        }
        print(
            f"{keras.backend.backend()}, jit_compile {mode}: "
            f"{1 / loading:.2f} steps/s, "
            f"data wait {result[mode]['data_wait']:.1%}",
            flush=True,
        )
    return result
