"""Peak signal-to-noise ratio of two photos."""

import math

from keras import ops

from shared.ops.precision import to_compute_dtype


def psnr(images, others, span=1.0, limit=math.inf):
    """Returns each pair's peak signal-to-noise ratio.

    10 log10(span^2 / mean squared error), the mean over pixels and channels.

    Args:
        images: [N, H, W, C].
        others: Same shape.
        span: From the least value to the greatest: 1 for [0, 1].
        limit: Decibels of equal images, so that a mean can be taken.

    Returns:
        [N] decibels, float32 (float64 for float64).
    """
    difference = to_compute_dtype(images) - to_compute_dtype(others)
    error = ops.mean(ops.square(difference / span), axis=(1, 2, 3))
    error = ops.maximum(error, 10.0 ** (-limit / 10.0))
    return ops.log(error) * (-10.0 / math.log(10.0))
