"""Training steps a second of ENet, and how long a step waits for its frames.

    python -m benchmarks.malicious_ae_training --dataset_dir camvid

(and the same with KERAS_BACKEND=jax before it.)

Trains at the victim's own size with every augmentation, on frames as in
training and on a single batch that lies ready: the difference is what loading
costs. Compilation is not counted.
"""

import json
import os
from pathlib import Path

import keras
import numpy as np
from absl import flags

from benchmarks.stamp_latency import measure_matrix_product
from benchmarks.training_speed import STEPS_PER_EPOCH, ReadyBatch, measure
from malicious_ae.batches import Augmentation, FrameBatches
from malicious_ae.data import Frames
from malicious_ae.flags import (
    define_data_flags,
    define_size_flags,
    network_size,
)
from malicious_ae.game import VictimGame
from shared.errors import no_arguments, run_main
from shared.images import make_directory
from shared.segmentation.enet import build_enet
from shared.training import limit_threads


def define_flags() -> None:
    """Defines this benchmark's flags."""
    define_data_flags()
    define_size_flags()
    flags.DEFINE_integer("batch_size", 10, "Frames a step.", lower_bound=1)
    flags.DEFINE_bool(
        "jit_compile",
        keras.backend.backend() == "jax",
        "Compile the step with XLA.",
    )
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
    limit_threads(values.threads)
    keras.config.set_dtype_policy(values.precision)
    size = network_size()
    frames = Frames(values.dataset, values.dataset_dir, "train", *size)
    # `measure` counts epochs of this many steps.
    count = min(len(frames), STEPS_PER_EPOCH * values.batch_size)
    batch_size = count // STEPS_PER_EPOCH
    batches = FrameBatches(
        [frames[index] for index in range(batch_size * STEPS_PER_EPOCH)],
        *size,
        batch_size,
        0,
        Augmentation(True, 0.75, 1.25, 0.2),
        frames.classes.unlabeled,
    )
    network = build_enet(*size, frames.classes.count)
    weights = np.ones(frames.classes.count, np.float32)
    game = VictimGame(network, weights)
    game.compile(jit_compile=values.jit_compile)
    loading = measure(game, batches, values.seconds)
    ready = measure(game, ReadyBatch(batches[0]), values.seconds)
    result = {
        "backend": keras.backend.backend(),
        "cores": os.cpu_count(),
        "size": size[::-1],
        "batch_size": batch_size,
        "precision": values.precision,
        "jit_compile": values.jit_compile,
        "seconds_per_step": loading,
        "steps_per_second": 1 / loading,
        "data_wait": max(0.0, 1 - ready / loading),
        "matrix_gflops": measure_matrix_product() / 1e9,
    }
    print(
        f"{result['backend']}, {size[1]}x{size[0]}, batch {batch_size}: "
        f"{loading:.2f} s a step, data wait {result['data_wait']:.1%}, beside "
        f"{result['matrix_gflops']:.0f} GFLOP/s of a matrix product"
    )
    if values.output:
        make_directory(Path(values.output).parent)
        Path(values.output).write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    define_flags()
    run_main(main)
