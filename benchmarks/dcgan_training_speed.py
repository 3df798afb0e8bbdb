"""Seconds per epoch of the report's recipe, and how long a step waits.

    python -m benchmarks.dcgan_training_speed --output speed.json
    KERAS_BACKEND=jax python -m benchmarks.dcgan_training_speed

An epoch is 60,000 images of 28 x 28, drawn at random here: what is in them
costs nothing. With and without XLA (`jit_compile`), once on batches as in
training and once on one that lies ready; the difference is the data wait.
Compilation is not counted. `--resizer plain` times the same generator as
UpSampling2D and Conv2D, which the folded layer stands for.
"""

import keras
import numpy as np
from absl import flags

from benchmarks.common import write_result
from benchmarks.training import (
    STEPS_PER_EPOCH,
    define_training_flags,
    measure_training,
    start,
)
from dcgan import networks
from dcgan.batches import ImageBatches
from dcgan.datasets import DATASETS
from dcgan.presets import PRESETS
from dcgan.train import build_game
from shared.command import no_arguments, run_main

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


def define_flags() -> None:
    """Defines this benchmark's flags."""
    define_training_flags()
    flags.DEFINE_enum("preset", "report", list(PRESETS), "What to train.")
    flags.DEFINE_enum(
        "resizer", "upsampling", ["upsampling", "plain"], "See above."
    )


def main(arguments) -> None:
    """Runs the benchmark."""
    no_arguments(arguments)
    values = flags.FLAGS
    result = start() | {"preset": values.preset, "resizer": values.resizer}
    if values.resizer == "plain":
        networks.UpsampleConv2D = PlainUpsampleConv
    settings = PRESETS[values.preset]
    classes = len(DATASETS["mnist"].class_names)
    random = np.random.default_rng(0)
    batches = ImageBatches(
        random.integers(0, 256, (IMAGES, 28, 28, 1), np.uint8),
        settings["batch_size"],
        STEPS_PER_EPOCH,
        0,
        labels=random.integers(0, classes, IMAGES)
        if settings["conditional"]
        else None,
    )

    def build(jit_compile):
        game = build_game(settings, 28, 1, 0, classes)
        game.compile(jit_compile=jit_compile)
        return game

    result["jit_compile"] = measure_training(build, batches)
    for mode, each in result["jit_compile"].items():
        seconds = batches.steps_per_pass / each["steps_per_second"]
        each["seconds_per_epoch"] = seconds
        print(f"jit_compile {mode}: {seconds:.0f} s an epoch")
    write_result(result)


if __name__ == "__main__":
    define_flags()
    run_main(main)
