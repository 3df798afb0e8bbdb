"""Training steps a second of ENet, and how long a step waits for its frames.

    python -m benchmarks.malicious_ae_training --dataset_dir camvid

(and the same with KERAS_BACKEND=jax before it.)

Trains at the victim's own size with every augmentation, on frames as in
training and on a single batch that lies ready: the difference is what loading
costs. Compilation is not counted.
"""

import numpy as np
from absl import flags

from benchmarks.common import write_result
from benchmarks.training import (
    STEPS_PER_EPOCH,
    define_training_flags,
    measure_training,
    start,
)
from malicious_ae.batches import Augmentation, FrameBatches
from malicious_ae.data import Frames
from malicious_ae.flags import (
    define_data_flags,
    define_size_flags,
    network_size,
)
from malicious_ae.game import VictimGame
from shared.command import no_arguments, run_main
from shared.segmentation.enet import build_enet


def define_flags() -> None:
    """Defines this benchmark's flags."""
    define_training_flags()
    define_data_flags()
    define_size_flags()
    flags.DEFINE_integer("batch_size", 10, "Frames a step.", lower_bound=1)


def main(arguments) -> None:
    """Runs the benchmark."""
    no_arguments(arguments)
    values = flags.FLAGS
    result = start()
    size = network_size()
    frames = Frames(values.dataset, values.dataset_dir, "train", *size)
    # The stopwatch counts epochs of this many steps.
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
    weights = np.ones(frames.classes.count, np.float32)
    result["size"] = size[::-1]
    result["batch_size"] = batch_size

    def build(jit_compile):
        network = build_enet(*size, frames.classes.count)
        game = VictimGame(network, weights)
        game.compile(jit_compile=jit_compile)
        return game

    result["jit_compile"] = measure_training(build, batches)
    write_result(result)


if __name__ == "__main__":
    define_flags()
    run_main(main)
