"""Gradients against finite differences in float64, on either backend."""

import numpy as np
from keras import backend, ops

from tests.contracts import input_gradients


def _with_float64(call):
    if backend.backend() == "jax":
        import jax

        with jax.enable_x64(True):
            return call()
    return call()


def check_gradients(function, *inputs, step=1e-6, tolerance=1e-6, seed=0):
    """Compare gradients with central differences in float64.

    The output is weighted by random numbers, so that a gradient sent to the
    wrong place is noticed, and every input is moved along three random
    directions, one input at a time. Fails where the slopes differ by more
    than `tolerance` of the larger of 1 and the slope.
    """
    inputs = [np.asarray(value, "float64") for value in inputs]

    def check():
        rng = np.random.default_rng(seed)
        output = np.asarray(function(*inputs))
        assert output.dtype == np.float64
        weights = rng.normal(size=output.shape)

        def weighted(*values):
            return function(*values) * ops.convert_to_tensor(weights)

        def total(*values):
            return float(ops.sum(weighted(*values)))

        found = input_gradients(weighted, inputs)
        for index, value in enumerate(inputs):
            for _ in range(3):
                direction = rng.normal(size=value.shape)
                ends = []
                for sign in (1, -1):
                    moved = list(inputs)
                    moved[index] = value + sign * step * direction
                    ends.append(total(*moved))
                measured = (ends[0] - ends[1]) / (2 * step)
                slope = float((found[index] * direction).sum())
                assert abs(slope) > 0
                np.testing.assert_allclose(
                    slope,
                    measured,
                    rtol=tolerance,
                    atol=tolerance,
                    err_msg=f"input {index}",
                )

    _with_float64(check)
