"""Training steps a second, and how long the step waits for its photos.

    python -m benchmarks.training_speed --output speed.json
    KERAS_BACKEND=jax python -m benchmarks.training_speed

Trains the preset's game, all of its damage at full level, with and without
XLA (`jit_compile`), once on photos as in training and once on a single batch
that lies ready: the difference is what loading costs. Compilation is not
counted. On JAX without XLA every operation runs on its own, which is for
debugging only.
"""

import json
import os
import statistics
import time
from pathlib import Path

import keras
from absl import flags

from shared.errors import UserError, no_arguments, run_main
from shared.images import make_directory
from shared.training import limit_threads
from stegastamp.data import PhotoBatches, load_photos
from stegastamp.game import StampGame
from stegastamp.presets import PRESETS
from stegastamp.train import build_rules

ROOT = Path(__file__).resolve().parents[1]
STEPS_PER_EPOCH = 10


class ReadyBatch(keras.utils.PyDataset):
    """The same batch at every step, which costs nothing to load."""

    def __init__(self, batch):
        super().__init__(workers=1)
        self.batch = batch

    def __len__(self):
        return STEPS_PER_EPOCH

    def __getitem__(self, index):
        return self.batch


class Stopwatch(keras.callbacks.Callback):
    """Times epochs until the time is up; the first one compiles."""

    def __init__(self, seconds):
        super().__init__()
        self.seconds = seconds
        self.times = []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()
        if epoch == 1:
            self.end = self.start + self.seconds

    def on_epoch_end(self, epoch, logs=None):
        # Keras has read the metrics by now, so the device is done.
        if epoch:
            now = time.perf_counter()
            self.times.append((now - self.start) / STEPS_PER_EPOCH)
            self.model.stop_training = now >= self.end


def measure(game, batches, seconds: float) -> float:
    """Trains for some time.

    Args:
        game: Compiled `stegastamp.game.StampGame`.
        batches: Data set of `STEPS_PER_EPOCH` batches.
        seconds: How long to train after the first epoch.

    Returns:
        Seconds of a step: the median over the epochs.
    """
    watch = Stopwatch(seconds)
    game.fit(
        batches, epochs=100_000, verbose=0, shuffle=False, callbacks=[watch]
    )
    return statistics.median(watch.times)


def compare(settings, photos, jit_compile: bool, seconds: float) -> dict:
    """Measures a game with and without the loading of photos.

    Args:
        settings: A preset of `stegastamp.presets`.
        photos: uint8 RGB arrays.
        jit_compile: Whether XLA compiles the step.
        seconds: How long each of the two trainings takes.

    Returns:
        `steps_per_second` on photos; `ready_steps_per_second` on a batch
        that lies ready; `data_wait`, the share of a step which loading adds.
    """
    keras.backend.clear_session()
    game = StampGame(build_rules(settings), 0, settings["learning_rate"])
    game.levels.assign(keras.ops.ones(game.levels.shape))
    game.compile(jit_compile=jit_compile)
    batches = PhotoBatches(
        photos,
        settings["height"],
        settings["width"],
        settings["secret_size"],
        settings["batch_size"],
        STEPS_PER_EPOCH,
        0,
    )
    loading = measure(game, batches, seconds)
    ready = measure(game, ReadyBatch(batches[0]), seconds)
    return {
        "steps_per_second": 1 / loading,
        "ready_steps_per_second": 1 / ready,
        "data_wait": max(0.0, 1 - ready / loading),
    }


def define_flags() -> None:
    """Defines this benchmark's flags."""
    flags.DEFINE_multi_string(
        "images_dir",
        [str(ROOT / "stegastamp" / "assets")],
        "Folder of photos; may be given several times.",
    )
    flags.DEFINE_enum("preset", "small", list(PRESETS), "What to train.")
    flags.DEFINE_integer(
        "batch_size", None, "Photos a step. Default: the preset's."
    )
    flags.DEFINE_list("jit_compile", ["off", "on"], "off, on, or both.")
    flags.DEFINE_enum(
        "precision",
        "float32",
        ["float32", "mixed_bfloat16", "mixed_float16"],
        "Keras dtype policy.",
    )
    flags.DEFINE_float(
        "seconds", 30.0, "How long to train for each number.", lower_bound=0.0
    )
    flags.DEFINE_integer(
        "threads", 0, "CPU threads of TensorFlow; 0 takes every core."
    )
    flags.DEFINE_string("output", None, "JSON file to write the numbers to.")


def main(arguments) -> None:
    """Runs the benchmark."""
    no_arguments(arguments)
    values = flags.FLAGS
    for mode in values.jit_compile:
        if mode not in ("off", "on"):
            raise UserError(f"--jit_compile: {mode!r} is neither off nor on")
    limit_threads(values.threads)
    keras.config.set_dtype_policy(values.precision)
    settings = dict(PRESETS[values.preset])
    if values.batch_size:
        settings["batch_size"] = values.batch_size
    photos = load_photos(
        values.images_dir, settings["height"], settings["width"]
    )
    result = {
        "backend": keras.backend.backend(),
        "cores": os.cpu_count(),
        "preset": values.preset,
        "batch_size": settings["batch_size"],
        "precision": values.precision,
        "jit_compile": {},
    }
    for mode in values.jit_compile:
        each = compare(settings, photos, mode == "on", values.seconds)
        result["jit_compile"][mode] = each
        print(
            f"{result['backend']}, {values.preset}, jit_compile {mode}: "
            f"{each['steps_per_second']:.2f} steps/s, "
            f"data wait {each['data_wait']:.1%}",
            flush=True,
        )
    if values.output:
        make_directory(Path(values.output).parent)
        Path(values.output).write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    define_flags()
    run_main(main)
