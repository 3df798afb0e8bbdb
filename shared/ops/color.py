"""Colour spaces: YUV and JPEG's YCbCr, channels last, differentiable.

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
