"""Training steps a second, and how long the step waits for its photos.

    python -m benchmarks.training_speed --output speed.json
    KERAS_BACKEND=jax python -m benchmarks.training_speed

Trains the preset's game, all of its damage at full level, with and without
XLA (`jit_compile`), once on photos as in training and once on a single batch
that lies ready: the difference is what loading costs. Compilation is not
counted. On JAX without XLA every operation runs on its own, which is for
debugging only.
"""

from pathlib import Path

import keras
from absl import flags

from benchmarks.common import write_result
from benchmarks.training import (
    STEPS_PER_EPOCH,
    define_training_flags,
    measure_training,
    start,
)
from shared.command import no_arguments, run_main
from stegastamp.data import PhotoBatches, load_photos
from stegastamp.game import StampGame, build_rules
from stegastamp.presets import PRESETS, SETTINGS

ROOT = Path(__file__).resolve().parents[1]


def define_flags() -> None:
    """Defines this benchmark's flags."""
    define_training_flags()
    flags.DEFINE_multi_string(
        "images_dir",
        [str(ROOT / "stegastamp" / "assets")],
        "Folder of photos; may be given several times.",
    )
    flags.DEFINE_enum("preset", "small", list(PRESETS), "What to train.")
    flags.DEFINE_integer(
        "batch_size", None, "Photos a step. Default: the preset's."
    )


def main(arguments) -> None:
    """Runs the benchmark."""
    no_arguments(arguments)
    values = flags.FLAGS
    result = start()
    settings = SETTINGS.choose(values.preset)
    if values.batch_size:
        settings["batch_size"] = values.batch_size
    height, width = settings["height"], settings["width"]
    batches = PhotoBatches(
        load_photos(values.images_dir, height, width),
        height,
        width,
        settings["secret_size"],
        settings["batch_size"],
        STEPS_PER_EPOCH,
        0,
    )

    def build(jit_compile):
        game = StampGame(build_rules(settings), 0, settings["learning_rate"])
        game.levels.assign(keras.ops.ones(game.levels.shape))
        game.compile(jit_compile=jit_compile)
        return game

    result["preset"] = values.preset
    result["batch_size"] = settings["batch_size"]
    result["jit_compile"] = measure_training(build, batches)
    write_result(result)


if __name__ == "__main__":
    define_flags()
    run_main(main)
