"""What every loss of two batches must keep, checked in one call."""

import keras
import numpy as np
from keras import ops

from tests.contracts.gradients import (
    check_gradients,
    check_learns,
    compiled,
    in_float64,
    input_gradients,
)


def check_loss(loss, images, others, shape, must_learn=(0, 1)):
    """Checks a per-example loss or differentiable metric of two batches.

    The result has the given shape and is float32; each row depends on its
    own example only; gradients to the inputs that must learn are finite, not
    zero, equal finite differences in float64, and are the same in float32;
    float16 inputs are computed in float32; it runs compiled.

    Args:
        loss: Function of two arrays [N, ...].
        images: [N, ...] float32 array, N at least 2.
        others: The same, different from `images`.
        shape: Expected shape of the result.
        must_learn: Positions of the inputs which gradients must reach.
    """
    result = loss(images, others)
    assert tuple(result.shape) == tuple(shape)
    assert keras.backend.standardize_dtype(result.dtype) == "float32"
    result = ops.convert_to_numpy(result)
    assert np.isfinite(result).all()
    for row in range(len(images)):
        alone = loss(images[row : row + 1], others[row : row + 1])
        np.testing.assert_allclose(
            ops.convert_to_numpy(alone)[0], result[row], rtol=1e-4, atol=1e-6
        )

    gradients = input_gradients(loss, [images, others])
    check_learns({f"input {i}": gradients[i] for i in must_learn})
    check_gradients(
        loss,
        images,
        others,
        moving=must_learn,
        rough=keras.backend.backend() == "jax",
    )
    wide = in_float64(
        lambda: input_gradients(
            loss, [value.astype("float64") for value in (images, others)]
        )
    )
    for position in must_learn:
        error = np.linalg.norm(gradients[position] - wide[position])
        assert error < 1e-3 * np.linalg.norm(wide[position]), position

    half = loss(images.astype("float16"), others.astype("float16"))
    assert keras.backend.standardize_dtype(half.dtype) == "float32"
    np.testing.assert_allclose(
        ops.convert_to_numpy(half), result, rtol=0.02, atol=1e-3
    )
    np.testing.assert_allclose(
        compiled(loss)(images, others), result, rtol=1e-4, atol=1e-6
    )
