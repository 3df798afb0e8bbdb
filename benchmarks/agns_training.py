"""Training steps a second of recogniser, eyeglass GAN and attack.

    python -m benchmarks.agns_training --output agns_training.json

(and the same with KERAS_BACKEND=jax before it.)

Networks at their real sizes: the recogniser and the attack on the demo's
photos, the eyeglass GAN on drawn frames. Each also on one batch that lies
ready; the difference is what loading costs. Compilation is not counted.
"""

from pathlib import Path

import keras
import numpy as np
from absl import flags

import agns
from agns.attack_run import AttackBatches, load_attackers_photos
from agns.data import FaceBatches, FrameBatches
from agns.frames import load_mask
from agns.game import AttackGame, AttackRules, build_wearing
from agns.goals import GOALS
from agns.networks import (
    GLASSES_SHAPE,
    INPUTS,
    build_discriminator,
    build_generator,
    build_openface,
    logits_of,
)
from agns.people import find_people
from agns.train_eyeglasses import build_game
from benchmarks.common import write_result
from benchmarks.training import (
    STEPS_PER_EPOCH,
    define_training_flags,
    measure_training,
    start,
)
from shared.command import no_arguments, run_main
from shared.ops.precision import dtype_policy

FACES = Path(agns.__file__).parent / "assets" / "faces"
PEOPLE = 10


def define_flags() -> None:
    """Defines this benchmark's flags."""
    define_training_flags()
    flags.DEFINE_integer("batch_size", 16, "Examples a step.", lower_bound=2)


def build_recognizer(jit_compile):
    """OpenFace with ten people, to be classified."""
    model = logits_of(build_openface(PEOPLE))
    model.compile(
        keras.optimizers.AdamW(1e-3),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=jit_compile,
    )
    return model


def build_eyeglasses(jit_compile):
    """The eyeglass GAN, both players."""
    game = build_game(0, 5e-4, 1e-4, 0.5, True, 1000)
    game.compile(jit_compile=jit_compile)
    return game


def build_attack(jit_compile):
    """A digital attack on OpenFace, itself in --precision."""
    wearing = build_wearing(build_openface(PEOPLE), load_mask())
    with dtype_policy("float32"):
        game = AttackGame(
            build_generator(), build_discriminator(), wearing, AttackRules()
        )
    game.aim(GOALS["dodging"], 0)
    game.compile(jit_compile=jit_compile)
    return game


def main(arguments) -> None:
    """Runs the benchmark."""
    no_arguments(arguments)
    count = flags.FLAGS.batch_size
    result = start() | {"batch_size": count}
    people = find_people(FACES)
    size, low = INPUTS["openface"]
    frames = np.random.default_rng(0).integers(
        256, size=(2000, *GLASSES_SHAPE), dtype=np.uint8
    )
    photos = load_attackers_photos(FACES / people[0].name)
    for name, build, batches in (
        (
            "recognizer",
            build_recognizer,
            FaceBatches(people, size, low, count, 0),
        ),
        ("eyeglasses", build_eyeglasses, FrameBatches(frames, count, 0)),
        (
            "attack",
            build_attack,
            AttackBatches(frames, photos, count, STEPS_PER_EPOCH, 0),
        ),
    ):
        print(f"{name}:", flush=True)
        result[name] = measure_training(build, batches)
    write_result(result)


if __name__ == "__main__":
    define_flags()
    run_main(main)
