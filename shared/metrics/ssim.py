"""Structural similarity of two photos, at one scale and at several."""

import keras
import numpy as np
from keras import ops

from shared.ops.precision import to_compute_dtype

_RADIUS = 5
_SIGMA = 1.5
_WINDOW = 2 * _RADIUS + 1
_C1 = 0.01**2
_C2 = 0.03**2
_SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def ssim(images, others):
    """Returns each pair's structural similarity (Wang et al. 2004).

    11x11 Gaussian window with sigma 1.5, population covariance, mean over
    the positions where the whole window fits and over the channels: what
    scikit-image computes with gaussian_weights=True, sigma=1.5,
    use_sample_covariance=False, data_range=1. Differentiable in both.

    Args:
        images: [N, H, W, C] in [0, 1]; H and W static, at least 11.
        others: Same shape.

    Returns:
        [N] in [-1, 1], 1 for equal images; float32 (float64 for float64).

    Raises:
        ValueError: If a side is unknown or smaller than 11.
    """
    images, others = _checked(images, others)
    similarity, _ = _similarity_and_contrast(images, others)
    return ops.mean(similarity, axis=-1)


def ms_ssim(images, others):
    """Returns each pair's multi-scale similarity (Wang et al. 2003).

    Contrast and structure are compared at each scale, luminance at the
    coarsest; a scale is a 2x2 mean of the one before. The published five
    scales need sides of at least 176; on smaller images as many scales are
    used as leave the 11x11 window room (4 at 128, 1 below 22) and their
    published weights are rescaled to sum to 1. Negative terms count as
    nearly 0, so that the powers stay real and their gradients finite.
    Differentiable in both.

    Args:
        images: [N, H, W, C] in [0, 1]; H and W static, at least 11.
        others: Same shape.

    Returns:
        [N] in [0, 1], 1 for equal images; float32 (float64 for float64).

    Raises:
        ValueError: If a side is unknown or smaller than 11.
    """
    images, others = _checked(images, others)
    weights = _scale_weights(min(images.shape[1:3]))
    result = 1.0
    for scale, weight in enumerate(weights):
        if scale:
            images = ops.average_pool(images, 2, 2, "valid")
            others = ops.average_pool(others, 2, 2, "valid")
        similarity, contrast = _similarity_and_contrast(images, others)
        term = similarity if scale == len(weights) - 1 else contrast
        # The slope of x^.04 at 0 is infinite: a floor keeps it finite.
        result = result * ops.power(ops.maximum(term, 1e-4), weight)
    return ops.mean(result, axis=-1)


def _scale_weights(side):
    scales = 1
    while scales < len(_SCALE_WEIGHTS) and side >> scales >= _WINDOW:
        scales += 1
    weights = np.array(_SCALE_WEIGHTS[:scales])
    return [float(weight) for weight in weights / weights.sum()]


def _checked(images, others):
    images, others = to_compute_dtype(images), to_compute_dtype(others)
    sides = tuple(images.shape[1:3])
    if None in sides or min(sides) < _WINDOW:
        raise ValueError(
            f"`images` must have known sides of at least {_WINDOW} pixels. "
            f"Received: shape={tuple(images.shape)}"
        )
    return images, others


def _similarity_and_contrast(images, others):
    """Returns mean similarity and mean contrast-structure, [N, C] each."""
    channels = images.shape[-1]
    maps = ops.concatenate(
        [
            images,
            others,
            ops.square(images) + ops.square(others),
            images * others,
        ],
        axis=-1,
    )
    means = _gaussian_mean(maps)
    mean_a = means[..., :channels]
    mean_b = means[..., channels : 2 * channels]
    squares = ops.square(mean_a) + ops.square(mean_b)
    product = mean_a * mean_b
    variances = means[..., 2 * channels : 3 * channels] - squares
    covariance = means[..., 3 * channels :] - product
    luminance = (2.0 * product + _C1) / (squares + _C1)
    contrast = (2.0 * covariance + _C2) / (variances + _C2)
    return (
        ops.mean(luminance * contrast, axis=(1, 2)),
        ops.mean(contrast, axis=(1, 2)),
    )


def _gaussian_mean(maps):
    """Filters [N, H, W, C] with the window, where it fits."""
    # A banded matrix product is 3 to 12 times faster than a convolution or
    # shifted sums on a CPU. Accelerators round the factors of a product to
    # 10 bits by default, and a variance is the small difference of two
    # large means, so they add shifted images; so do large images, for which
    # the matrix is mostly zeros.
    if max(maps.shape[1:3]) > 512 or _has_accelerator():
        return _shifted_sums(maps)
    return _band_products(maps)


def _has_accelerator():
    devices = keras.distribution.list_devices()
    return any(not device.startswith("cpu") for device in devices)


def _taps():
    offsets = np.arange(-_RADIUS, _RADIUS + 1)
    taps = np.exp(-(offsets**2) / (2.0 * _SIGMA**2))
    return taps / taps.sum()


def _shifted_sums(maps):
    rows = maps.shape[1] - 2 * _RADIUS
    columns = maps.shape[2] - 2 * _RADIUS
    taps = [float(tap) for tap in _taps()]
    maps = sum(t * maps[:, i : i + rows] for i, t in enumerate(taps))
    return sum(t * maps[:, :, i : i + columns] for i, t in enumerate(taps))


def _band_products(maps):
    height, width, channels = maps.shape[1:]
    rows, columns = height - 2 * _RADIUS, width - 2 * _RADIUS
    maps = ops.reshape(maps, (-1, height, width * channels))
    maps = ops.matmul(_band(rows, height, maps.dtype), maps)
    maps = ops.reshape(maps, (-1, width, channels))
    maps = ops.matmul(_band(columns, width, maps.dtype), maps)
    return ops.reshape(maps, (-1, rows, columns, channels))


def _band(rows, columns, dtype):
    band = np.zeros((rows, columns))
    for row in range(rows):
        band[row, row : row + _WINDOW] = _taps()
    return ops.convert_to_tensor(band, dtype=dtype)
