"""Seconds per epoch of the report's recipe, and how long a step waits.

    python -m benchmarks.dcgan_training_speed --output speed.json
    KERAS_BACKEND=jax python -m benchmarks.dcgan_training_speed

An epoch is 60,000 images of 28 x 28, drawn at random here: what is in them
costs nothing. With and without XLA (`jit_compile`), once on batches as in
training and once on one that lies ready; the difference is the data wait.
Compilation is not counted. `--resizer plain` times the same generator as
UpSampling2D and Conv2D, which the folded layer stands for.
"""

import json
import os
import time
from pathlib import Path

import keras
import numpy as np
from absl import flags

from benchmarks.training_speed import STEPS_PER_EPOCH, ReadyBatch, measure
from dcgan import networks
from dcgan.batches import ImageBatches
from dcgan.presets import PRESETS
from dcgan.train import build_game
from shared.errors import UserError, no_arguments, run_main
from shared.images import make_directory
from shared.training import limit_threads

IMAGES = 60_000


class PlainUpsampleConv(keras.layers.Layer):
    """The two layers that `UpsampleConv2D` folds into one."""

    def __init__(self, filters, kernel_size):
        super().__init__()
        self.grow = keras.layers.UpSampling2D(2)
        self.conv = keras.layers.Conv2D(
            filters, kernel_size, padding="same", use_bias=False
        )

    def build(self, input_shape):
        self.conv.build((None, None, None, input_shape[-1]))

    def call(self, inputs):
        return self.conv(self.grow(inputs))


def time_training(settings, jit_compile: bool, seconds: float) -> dict:
    """Times a preset's game, on batches as in training and on a ready one.

    Args:
        settings: Settings as in `dcgan.presets`.
        jit_compile: Whether XLA compiles the step.
        seconds: How long each of the two trainings takes.

    Returns:
        `seconds_per_epoch`, the `cpu_seconds_per_epoch` that this process
        spent in it, and `data_wait`, the share of a step that loading adds.
    """
    keras.backend.clear_session()
    game = build_game(settings, 28, 1, 0)
    game.compile(jit_compile=jit_compile)
    random = np.random.default_rng(0)
    shape = (IMAGES, 28, 28, 1)
    batches = ImageBatches(
        random.integers(0, 256, shape, np.uint8),
        settings["batch_size"],
        STEPS_PER_EPOCH,
        0,
    )
    steps = batches.steps_per_pass
    ready = measure(game, ReadyBatch(batches[0]), seconds)
    wall, cpu = time.perf_counter(), time.process_time()
    loading = measure(game, batches, seconds)
    share = (time.process_time() - cpu) / (time.perf_counter() - wall)
    return {
        "seconds_per_epoch": loading * steps,
        "cpu_seconds_per_epoch": loading * steps * share,
        "data_wait": max(0.0, 1 - ready / loading),
    }


def define_flags() -> None:
    """Defines this benchmark's flags."""
    flags.DEFINE_enum("preset", "report", list(PRESETS), "What to train.")
    flags.DEFINE_enum(
        "resizer", "upsampling", ["upsampling", "plain"], "See above."
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
    if values.resizer == "plain":
        networks.UpsampleConv2D = PlainUpsampleConv
    results = {
        "backend": keras.backend.backend(),
        "cores": os.cpu_count(),
        "preset": values.preset,
        "resizer": values.resizer,
        "precision": values.precision,
        "jit_compile": {},
    }
    for mode in values.jit_compile:
        each = time_training(
            PRESETS[values.preset], mode == "on", values.seconds
        )
        results["jit_compile"][mode] = each
        print(
            f"{results['backend']}, {values.preset}, {values.resizer}, "
            f"{values.precision}, jit_compile {mode}: "
            f"{each['seconds_per_epoch']:.0f} s an epoch "
            f"({each['cpu_seconds_per_epoch']:.0f} of the processor), data "
            f"wait {each['data_wait']:.1%}",
            flush=True,
        )
    if values.output:
        make_directory(Path(values.output).parent)
        Path(values.output).write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    define_flags()
    run_main(main)
