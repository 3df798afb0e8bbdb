"""What every benchmark needs: the machine's own best, and a place to write."""

import json
import time

import numpy as np
from absl import flags

from shared.images import write_bytes

MATRIX_SIZE = 2048


def measure_matrix_product(seconds: float = 1.0) -> float:
    """Measures the machine's best rate.

    Args:
        seconds: How long to try.

    Returns:
        FLOP/s of the fastest of several float32 matrix products.
    """
    random = np.random.default_rng(0)
    left, right = random.random((2, MATRIX_SIZE, MATRIX_SIZE), np.float32)
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end or best == float("inf"):
        start = time.perf_counter()
        left @ right
        best = min(best, time.perf_counter() - start)
    return 2 * MATRIX_SIZE**3 / best


def define_common_flags() -> None:
    """Defines --threads and --output."""
    flags.DEFINE_integer(
        "threads", 0, "CPU threads; 0 takes every core.", lower_bound=0
    )
    flags.DEFINE_string("output", None, "JSON file to write the numbers to.")


def write_result(result: dict) -> None:
    """Writes a benchmark's numbers to --output, if it was given."""
    if flags.FLAGS.output:
        text = json.dumps(result, indent=2) + "\n"
        write_bytes(flags.FLAGS.output, text.encode(), overwrite=True)
