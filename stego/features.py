"""Residual co-occurrences: the classic features of steganalysis.

A photo's neighbouring residuals (a pixel minus what its neighbours predict)
depend on each other in ways that a hidden message disturbs. After Pevny, Bas
and Fridrich, "Steganalysis by subtractive pixel adjacency matrix", IEEE TIFS
2010, with residuals of the spatial rich model (Fridrich and Kodovsky, IEEE
TIFS 2012) and co-occurrences between colours.
"""

import numpy as np

# Residuals are counted from -2 to 2, in steps of 1 and of 2 levels.
_TRUNCATION = 2
_STEPS = (1, 2)
_VALUES = 2 * _TRUNCATION + 1
_BINS = _VALUES**3
# Three residuals at two steps, and colours against each other at each.
FEATURES = _BINS * len(_STEPS) * (3 + 1)
_BATCH = 64


def _residuals(x):
    """Pairs of (residual, axis to follow) by kind; x is [N, H, W, C]."""
    first = [(np.diff(x, axis=axis), axis) for axis in (1, 2)]
    second = [(np.diff(x, n=2, axis=axis), axis) for axis in (1, 2)]
    # The square residual of Ker and Boehme: 4 sides less 4 corners and 4x.
    sides = x[:, :-2, 1:-1] + x[:, 2:, 1:-1] + x[:, 1:-1, :-2] + x[:, 1:-1, 2:]
    corners = x[:, :-2, :-2] + x[:, :-2, 2:] + x[:, 2:, :-2] + x[:, 2:, 2:]
    # Four times the size of the others; kept whole by a floor of the half.
    square = (2 * sides - corners - 4 * x[:, 1:-1, 1:-1]) // 2
    return first, second, [(square, 1), (square, 2)]


def _quantize(residual, step):
    rounded = np.rint(residual / step)
    return np.clip(rounded, -_TRUNCATION, _TRUNCATION).astype(np.int64)


def _histograms(codes):
    """Shares of each code in each row: [N, anything] -> [N, _BINS]."""
    codes = codes.reshape(len(codes), -1)
    offsets = codes + _BINS * np.arange(len(codes))[:, None]
    counts = np.bincount(offsets.ravel(), minlength=_BINS * len(codes))
    return counts.reshape(len(codes), _BINS) / codes.shape[1]


def _along(quantized, axis):
    """Codes of three residuals in a row, and in the other direction."""
    q = np.moveaxis(quantized, axis, -1) + _TRUNCATION
    a, b, c = q[..., :-2], q[..., 1:-1], q[..., 2:]
    forward = (a * _VALUES + b) * _VALUES + c
    backward = (c * _VALUES + b) * _VALUES + a
    return [codes.reshape(len(q), -1) for codes in (forward, backward)]


def _across_colors(quantized):
    q = quantized + _TRUNCATION
    return [
        ((q[..., 0] * _VALUES + q[..., 1]) * _VALUES + q[..., 2]).reshape(
            len(q), -1
        )
    ]


def _batch_features(pixels):
    parts = []
    first, second, square = _residuals(pixels.astype(np.int64))
    for step in _STEPS:
        for kind in (first, second, square):
            codes = []
            for residual, axis in kind:
                codes += _along(_quantize(residual, step), axis)
            parts.append(_histograms(np.concatenate(codes, axis=1)))
        codes = []
        for residual, _ in second:
            codes += _across_colors(_quantize(residual, step))
        parts.append(_histograms(np.concatenate(codes, axis=1)))
    return np.concatenate(parts, axis=1)


def extract_features(pixels):
    """Describes images by what a steganalyser looks at.

    Args:
        pixels: uint8 [N, H, W, 3], sides of 8 at least.

    Returns:
        float64 [N, `FEATURES`]; each block of 125 is a histogram.

    Raises:
        ValueError: for another shape.
    """
    if pixels.ndim != 4 or pixels.shape[3] != 3 or min(pixels.shape[1:3]) < 8:
        raise ValueError(
            f"need colour images of at least 8 pixels a side. Received: "
            f"shape={pixels.shape}"
        )
    return np.concatenate(
        [
            _batch_features(pixels[start : start + _BATCH])
            for start in range(0, len(pixels), _BATCH)
        ]
    )
