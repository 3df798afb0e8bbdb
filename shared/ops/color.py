"""Colour spaces: YUV, JPEG's YCbCr and HSV, channels last, differentiable.

Every function computes in float32 (float64 where the input is float64)
whatever the mixed-precision policy, and returns that type.
"""

import numpy as np
from keras import ops

from shared.ops.precision import to_compute_dtype

# Analogue PAL weights as tf.image holds them; column = output channel.
_RGB_TO_YUV = np.array(
    [
        [0.299, -0.14714119, 0.61497538],
        [0.587, -0.28886916, -0.51496512],
        [0.114, 0.43601035, -0.10001026],
    ]
)
_YUV_TO_RGB = np.array(
    [
        [1.0, 1.0, 1.0],
        [0.0, -0.394642334, 2.03206185],
        [1.13988303, -0.58062185, 0.0],
    ]
)
# JFIF 1.02, full range.
_RGB_TO_YCBCR = np.array(
    [
        [0.299, -0.168736, 0.5],
        [0.587, -0.331264, -0.418688],
        [0.114, 0.5, -0.081312],
    ]
)
_YCBCR_TO_RGB = np.array(
    [
        [1.0, 1.0, 1.0],
        [0.0, -0.344136, 1.772],
        [1.402, -0.714136, 0.0],
    ]
)
_CHROMA_CENTRE = np.array([0.0, 128.0, 128.0])

# Below this chroma (or value) a pixel counts as grey (or black): the hue and
# saturation there are noise, and their slopes, 1 / chroma, would overflow.
# It is far less than one step of a 16-bit image, 1.5e-5.
_GREY = 1e-6


def _three_channels(images):
    images = to_compute_dtype(images)
    if images.shape[-1] != 3:
        raise ValueError(
            "Colour conversion needs 3 channels on the last axis. "
            f"Received: shape={tuple(images.shape)}"
        )
    return images


def _mix_channels(images, matrix):
    images = _three_channels(images)
    matrix = ops.convert_to_tensor(matrix, dtype=images.dtype)
    return ops.tensordot(images, matrix, axes=[[-1], [0]])


def rgb_to_yuv(images):
    """Convert RGB to YUV with the constants of `tf.image.rgb_to_yuv`.

    `images` is [..., 3] in [0, 1]; Y is in [0, 1], U in [-.436, .436] and
    V in [-.615, .615]. The map is linear, so differences convert alike.
    Raises ValueError unless the last axis has 3 channels.
    """
    return _mix_channels(images, _RGB_TO_YUV)


def yuv_to_rgb(images):
    """Convert YUV to RGB with the constants of `tf.image.yuv_to_rgb`.

    `images` is [..., 3] as `rgb_to_yuv` returns it; the result is not
    clipped. Raises ValueError unless the last axis has 3 channels.
    """
    return _mix_channels(images, _YUV_TO_RGB)


def rgb_to_ycbcr(images):
    """Convert RGB to JPEG's full-range YCbCr (JFIF 1.02).

    `images` is [..., 3] in 0..255, and so is the result: grey has
    Cb = Cr = 128. Raises ValueError unless the last axis has 3 channels.
    """
    converted = _mix_channels(images, _RGB_TO_YCBCR)
    return converted + ops.convert_to_tensor(
        _CHROMA_CENTRE, dtype=converted.dtype
    )


def ycbcr_to_rgb(images):
    """Convert JPEG's full-range YCbCr to RGB (JFIF 1.02).

    `images` is [..., 3] in 0..255; the result is in 0..255 for colours that
    RGB holds, is not clipped and leaves that range for others. Raises
    ValueError unless the last axis has 3 channels.
    """
    images = _three_channels(images)
    centre = ops.convert_to_tensor(_CHROMA_CENTRE, dtype=images.dtype)
    return _mix_channels(images - centre, _YCBCR_TO_RGB)


def rgb_to_hsv(images):
    """Convert RGB to hue, saturation and value, as `tf.image.rgb_to_hsv`.

    `images` is [..., 3] in [0, 1]; so is the result, hue in turns with red
    at 0. Greys have hue 0 and saturation 0, and there (unlike the original)
    every gradient is finite. Raises ValueError unless the last axis has 3
    channels.
    """
    images = _three_channels(images)
    red, green, blue = images[..., 0], images[..., 1], images[..., 2]
    value = ops.max(images, axis=-1)
    chroma = value - ops.min(images, axis=-1)
    coloured = chroma > _GREY
    lit = value > _GREY
    # Both branches of `where` are differentiated: the divisor must be safe
    # in the branch not taken, or its infinite slope times zero is NaN.
    safe_chroma = ops.where(coloured, chroma, ops.ones_like(chroma))
    safe_value = ops.where(lit, value, ops.ones_like(value))
    hue = ops.where(
        value == red,
        (green - blue) / safe_chroma,
        ops.where(
            value == green,
            2.0 + (blue - red) / safe_chroma,
            4.0 + (red - green) / safe_chroma,
        ),
    )
    hue = ops.where(hue < 0.0, hue + 6.0, hue) / 6.0
    zero = ops.zeros_like(value)
    hue = ops.where(coloured, hue, zero)
    saturation = ops.where(
        ops.logical_and(lit, coloured), chroma / safe_value, zero
    )
    return ops.stack([hue, saturation, value], axis=-1)


def hsv_to_rgb(images):
    """Convert hue, saturation and value to RGB, as `tf.image.hsv_to_rgb`.

    `images` is [..., 3]: hue in turns, any real (it wraps), saturation and
    value in [0, 1]. The result is in [0, 1]. Raises ValueError unless the
    last axis has 3 channels.
    """
    images = _three_channels(images)
    hue, saturation, value = images[..., :1], images[..., 1:2], images[..., 2:]
    sextant = 6.0 * (hue - ops.stop_gradient(ops.floor(hue)))
    pure = ops.clip(
        ops.concatenate(
            [
                ops.abs(sextant - 3.0) - 1.0,
                2.0 - ops.abs(sextant - 2.0),
                2.0 - ops.abs(sextant - 4.0),
            ],
            axis=-1,
        ),
        0.0,
        1.0,
    )
    return value * (1.0 - saturation * (1.0 - pure))
