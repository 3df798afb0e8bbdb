"""Squared difference of two photos in YUV, weighted up towards the border."""

from keras import ops

from shared.losses.edges import edge_falloff
from shared.ops.color import rgb_to_yuv
from shared.ops.precision import to_compute_dtype


def yuv_loss(images, encoded, edge_gain=0.0, falloff=None):
    """Returns each photo's mean squared error in Y, U and V.

    The difference is multiplied by (1 + edge_gain * falloff) before it is
    squared: a mark on the border shows most where the stamp meets what
    surrounds it. Weights for the three channels are the caller's (the paper's
    run used 1, 100, 100). Source: section 3.3 of the StegaStamp paper; the
    edge term is its code's.

    Args:
        images: [N, H, W, 3] RGB, [0, 1]; H and W must be static.
        encoded: Same shape; values outside [0, 1] count as they are.
        edge_gain: Scalar >= 0, number or tensor.
        falloff: [H, W] map in [0, 1]; by default `edge_falloff(H, W)`.

    Returns:
        [N, 3] mean over pixels for Y, U and V; float32 (float64 for float64).

    Raises:
        ValueError: If H or W is unknown and no `falloff` is given.
    """
    difference = to_compute_dtype(encoded) - to_compute_dtype(images)
    if falloff is None:
        falloff = edge_falloff(*difference.shape[1:3])
    falloff = ops.cast(falloff, difference.dtype)[None, :, :, None]
    weight = 1.0 + ops.cast(edge_gain, difference.dtype) * falloff
    # YUV is linear, so the transform of the difference is the difference.
    return ops.mean(ops.square(rgb_to_yuv(difference) * weight), axis=(1, 2))
