"""Training steps a second of recogniser, eyeglass GAN and attack.

    python -m benchmarks.agns_training --output agns_training.json

(and the same with KERAS_BACKEND=jax before it.)

Networks at their real sizes, on one drawn batch that lies ready: what is
measured is the step. Compilation is not counted.
"""

import json
import os
import statistics
import time
from pathlib import Path

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
from benchmarks.stamp_latency import measure_matrix_product
from shared.errors import no_arguments, run_main
from shared.images import make_directory
from shared.training import limit_threads

PEOPLE = 42


def define_flags() -> None:
    """Defines this benchmark's flags."""
    flags.DEFINE_integer("batch_size", 16, "Examples a step.", lower_bound=2)
    flags.DEFINE_bool(
        "jit_compile",
        keras.backend.backend() == "jax",
        "Compile the step with XLA.",
    )
    flags.DEFINE_enum(
        "precision",
        "float32",
        ["float32", "mixed_bfloat16"],
        "Keras dtype policy; of an attack, that of the recogniser.",
    )
    flags.DEFINE_integer(
        "steps", 8, "Steps that are timed; their median counts.", lower_bound=1
    )
    flags.DEFINE_integer(
        "threads", 0, "CPU threads of TensorFlow; 0 takes every core."
    )
    flags.DEFINE_string("output", None, "JSON file to write the numbers to.")


def recognizer_step(values, random):
    """A classification step of OpenFace with 42 people."""
    model = logits_of(build_openface(PEOPLE))
    model.compile(
        keras.optimizers.AdamW(1e-3),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=values.jit_compile,
    )
    faces = random.uniform(-1, 1, (values.batch_size, 96, 96, 3))
    labels = random.integers(0, PEOPLE, values.batch_size)
    batch = faces.astype("float32"), labels.astype("int32")
    return lambda: model.train_on_batch(*batch)


def eyeglasses_step(values, random):
    """A step of both players of the eyeglass GAN."""
    game = build_game(0, 5e-4, 1e-4, 0.5, True, 1000)
    game.compile(jit_compile=values.jit_compile)
    real = random.uniform(-1, 1, (values.batch_size, 64, 176, 3))
    real = real.astype("float32")
    return lambda: game.train_on_batch(real)


def attack_step(values, random):
    """A step of a digital attack on OpenFace."""
    wearing = build_wearing(build_openface(PEOPLE), load_mask())
    with dtype_policy("float32"):
        game = AttackGame(
            build_generator(), build_discriminator(), wearing, AttackRules()
        )
    game.aim("dodging", 0)
    game.compile(jit_compile=values.jit_compile)
    real = random.uniform(-1, 1, (values.batch_size, 64, 176, 3))
    faces = random.random((values.batch_size, 224, 224, 3))
    batch = real.astype("float32"), faces.astype("float32")
    return lambda: game.train_on_batch(*batch)


def measure(step, count) -> float:
    """Median seconds of a step, after two that compile and warm up."""
    step()
    step()
    spent = []
    for _ in range(count):
        start = time.perf_counter()
        step()
        spent.append(time.perf_counter() - start)
    return statistics.median(spent)


def main(arguments) -> None:
    """Runs the benchmark."""
    no_arguments(arguments)
    values = flags.FLAGS
    limit_threads(values.threads)
    keras.config.set_dtype_policy(values.precision)
    result = {
        "backend": keras.backend.backend(),
        "cores": os.cpu_count(),
        "threads": values.threads,
        "batch_size": values.batch_size,
        "precision": values.precision,
        "jit_compile": values.jit_compile,
    }
    for make in (recognizer_step, eyeglasses_step, attack_step):
        name = make.__name__.removesuffix("_step")
        step = make(values, np.random.default_rng(0))
        seconds = measure(step, values.steps)
        result[f"{name}_steps_per_second"] = 1 / seconds
        print(f"{result['backend']}, {name}: {1 / seconds:.2f} steps/s")
    result["matrix_gflops"] = measure_matrix_product() / 1e9
    print(f"a matrix product: {result['matrix_gflops']:.0f} GFLOP/s")
    if values.output:
        make_directory(Path(values.output).parent)
        Path(values.output).write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    define_flags()
    run_main(main)
