"""Peak signal-to-noise ratio of two photos."""

import math

from keras import ops

from shared.ops.precision import to_compute_dtype


def psnr(images, others):
    """Returns each pair's peak signal-to-noise ratio.

    10 log10(1 / mean squared error), the mean over pixels and channels.

    Args:
        images: [N, H, W, C] in [0, 1].
        others: Same shape.

    Returns:
        [N] decibels, float32 (float64 for float64); infinity for equal images.
    """
    difference = to_compute_dtype(images) - to_compute_dtype(others)
    error = ops.mean(ops.square(difference), axis=(1, 2, 3))
    return ops.log(error) * (-10.0 / math.log(10.0))
