"""Training steps a second of recogniser, eyeglass GAN and attack.

    python -m benchmarks.agns_training --output agns_training.json

(and the same with KERAS_BACKEND=jax before it.)

Networks at their real sizes, on one drawn batch that lies ready: what is
measured is the step. Compilation is not counted.
"""

import keras
import numpy as np
from absl import flags

from agns.frames import load_mask
from agns.game import AttackGame, AttackRules, build_wearing
from agns.models import dtype_policy
from agns.networks import (
    build_discriminator,
    build_generator,
    build_openface,
    logits_of,
)
from agns.train_eyeglasses import build_game
from benchmarks.common import write_result
from benchmarks.training import (
    STEPS_PER_EPOCH,
    define_training_flags,
    measure_training,
    start,
)
from shared.errors import no_arguments, run_main

PEOPLE = 42


def define_flags() -> None:
    """Defines this benchmark's flags."""
    define_training_flags()
    flags.DEFINE_integer("batch_size", 16, "Examples a step.", lower_bound=2)


def build_recognizer(jit_compile):
    """OpenFace with 42 people, to be classified."""
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
    game.aim("dodging", 0)
    game.compile(jit_compile=jit_compile)
    return game


def main(arguments) -> None:
    """Runs the benchmark."""
    no_arguments(arguments)
    count = flags.FLAGS.batch_size
    result = start() | {"batch_size": count}
    random = np.random.default_rng(0)
    small = random.uniform(-1, 1, (count, 96, 96, 3)).astype("float32")
    large = random.random((count, 224, 224, 3)).astype("float32")
    glasses = random.uniform(-1, 1, (count, 64, 176, 3)).astype("float32")
    people = random.integers(0, PEOPLE, count).astype("int32")
    for name, build, batch in (
        ("recognizer", build_recognizer, (small, people)),
        ("eyeglasses", build_eyeglasses, glasses),
        ("attack", build_attack, (glasses, large)),
    ):
        print(f"{name}:", flush=True)
        result[name] = measure_training(build, [batch] * STEPS_PER_EPOCH)
    write_result(result)


if __name__ == "__main__":
    define_flags()
    run_main(main)
