"""What every benchmark needs: the machine's own best, and a place to write."""

import json
import os
import time

import numpy as np
from absl import flags

from shared import outputs
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


def define_output_flags(values=flags.FLAGS) -> None:
    """Defines --output and --overwrite; what is there is refused at once."""
    flags.DEFINE_string(
        "output", None, "JSON file to write the numbers to.", flag_values=values
    )
    outputs.define_flags(values)
    flags.register_multi_flags_validator(
        ["output", "overwrite"],
        lambda given: (
            not given["output"]
            or given["overwrite"]
            or not os.path.lexists(given["output"])
        ),
        "--output exists; name another, or --overwrite replaces it",
        flag_values=values,
    )


def define_common_flags() -> None:
    """Defines --threads, --output and --overwrite."""
    flags.DEFINE_integer(
        "threads", 0, "CPU threads; 0 takes every core.", lower_bound=0
    )
    define_output_flags()


def write_result(result: dict, values=flags.FLAGS) -> None:
    """Writes a benchmark's numbers to --output, if it was given."""
    if values.output:
        text = json.dumps(result, indent=2) + "\n"
        write_bytes(values.output, text.encode(), values.overwrite)
