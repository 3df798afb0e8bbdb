"""How near a changed photo is to the original, in numpy: for evaluations.

`shared.metrics` has the same measures as tensors, for trainings.
"""

import math

import cv2
import numpy as np

# Values that are looked at together: a photo's error needs no photo's memory.
_STRIP = 1 << 17


def _checked(image, other):
    image, other = np.asarray(image), np.asarray(other)
    if image.shape != other.shape or image.dtype != other.dtype:
        raise ValueError(
            "need two photos of one shape and type. Received: "
            f"{image.dtype} {image.shape} and {other.dtype} {other.shape}"
        )
    if image.dtype not in (np.uint8, np.uint16):
        raise ValueError(f"need whole levels. Received: dtype={image.dtype}")
    return image, other, float(np.iinfo(image.dtype).max)


def _strips(image):
    """Slices of rows, each of about `_STRIP` values."""
    rows = max(1, _STRIP * len(image) // max(image.size, 1))
    for start in range(0, len(image), rows):
        yield slice(start, start + rows)


def _squared_error(image, other):
    """Sum of squares of the difference, without a float copy of a photo."""
    total = 0.0
    for strip in _strips(image):
        error = np.subtract(image[strip], other[strip], dtype=np.float64)
        total += float(np.vdot(error, error))
    return total


def same_pixels(image, other):
    """Whether two arrays agree in shape, type and every value."""
    return (image.shape, image.dtype) == (other.shape, other.dtype) and all(
        np.array_equal(image[strip], other[strip]) for strip in _strips(image)
    )


def psnr(image, other):
    """Peak signal-to-noise ratio of two photos.

    Args:
        image, other: uint8 or uint16, of one shape and type.

    Returns:
        float, dB; inf for equal photos.

    Raises:
        ValueError: if shapes or types differ, or are not whole levels.
    """
    image, other, top = _checked(image, other)
    error = _squared_error(image, other) / max(image.size, 1)
    return math.inf if error == 0 else 10 * math.log10(top**2 / error)


def ssim(image, other):
    """Structural similarity of two photos, mean of the channels.

    Gaussian window of 11 taps, sigma 1.5, only where it lies inside the
    photo; K1 = .01, K2 = .03 (Wang et al. 2004).

    Args:
        image, other: uint8 or uint16 [H, W] or [H, W, C], of one shape and
            type, at least 11 pixels a side.

    Returns:
        float in [-1, 1].

    Raises:
        ValueError: if shapes or types differ, or a side is too short.
    """
    x, y, top = _checked(image, other)
    if min(x.shape[:2]) < 11:
        raise ValueError(
            f"ssim needs at least 11 pixels a side. Received: {x.shape}"
        )
    x, y = x.astype(np.float64), y.astype(np.float64)

    def mean(values):
        return cv2.GaussianBlur(values, (11, 11), 1.5)[5:-5, 5:-5]

    mean_x, mean_y = mean(x), mean(y)
    variances = mean(x * x) + mean(y * y) - mean_x**2 - mean_y**2
    covariance = mean(x * y) - mean_x * mean_y
    c1, c2 = (0.01 * top) ** 2, (0.03 * top) ** 2
    similarity = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    similarity /= (mean_x**2 + mean_y**2 + c1) * (variances + c2)
    return float(similarity.mean())
