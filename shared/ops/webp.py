"""A differentiable stand-in for lossy WebP: VP8's transforms and steps."""

import numpy as np
from keras import ops

from shared.ops.color import rgb_to_ycbcr, ycbcr_to_rgb
from shared.ops.jpeg import pad_to_multiple
from shared.ops.precision import to_compute_dtype

# RFC 6386, section 14.1: step of a coefficient by index, 0 to 127.
DC_STEPS = np.array(
    [
        *(4, 5, 6, 7, 8, 9, 10, 10, 11, 12, 13, 14, 15, 16, 17, 17, 18, 19),
        *(20, 20, 21, 21, 22, 22, 23, 23, 24, 25, 25, 26, 27, 28, 29, 30),
        *(31, 32, 33, 34, 35, 36, 37, 37, 38, 39, 40, 41, 42, 43, 44, 45),
        *(46, 46, *range(47, 77), 76, *range(77, 90), 91, 93, 95, 96, 98),
        *(100, 101, 102, 104, 106, 108, 110, 112, 114, 116, 118, 122, 124),
        *(126, 128, 130, 132, 134, 136, 138, 140, 143, 145, 148, 151, 154),
        157,
    ]
)
AC_STEPS = np.array(
    [
        *range(4, 59),
        *range(60, 117, 2),
        *range(119, 174, 3),
        *range(177, 230, 4),
        *(234, 239, 245, 249, 254, 259, 264, 269, 274, 279, 284),
    ]
)
# Below so much of a step libwebp drops a coefficient: RATHER_ZERO.
_DEAD_ZONE = 0.6


def _dct(size):
    frequency = np.arange(size)[:, None]
    sample = np.arange(size)[None]
    matrix = np.cos((2 * sample + 1) * frequency * np.pi / (2 * size))
    return np.sqrt(np.where(frequency == 0, 1, 2) / size) * matrix


def quality_to_index(quality):
    """Position in the tables of steps, 0 to 127, of WebP quality 0 to 100.

    As libwebp chooses it: a cube root, so that file sizes fall evenly.
    """
    share = to_compute_dtype(quality) / 100.0
    share = ops.where(share < 0.75, share * (2.0 / 3.0), 2.0 * share - 1.0)
    share = ops.maximum(share, 1e-6)
    return 127.0 * (1.0 - ops.exp(ops.log(share) / 3.0))


def _steps(table, index):
    """Steps [N, 1, 1] at fractional positions [N, 1, 1] of a table."""
    table = ops.convert_to_tensor(table, index.dtype)
    index = ops.clip(index, 0.0, 127.0)
    low = ops.cast(ops.floor(index), "int32")
    share = index - ops.floor(index)
    high = ops.minimum(low + 1, 127)
    return ops.take(table, low) * (1.0 - share) + ops.take(table, high) * share


def _quantize(values, steps):
    """Rounds to whole steps; the gradient is that of the identity.

    What is nearly nothing becomes nothing, as an encoder has it that weighs
    bits against errors.
    """
    scaled = values / steps
    whole = ops.where(ops.abs(scaled) < _DEAD_ZONE, 0.0, ops.round(scaled))
    return values + ops.stop_gradient(whole * steps - values)


def _blocks(planes, size):
    """[N, H, W, C] as [N, blocks, size * size]."""
    _, height, width, channels = planes.shape
    rows, columns = height // size, width // size
    blocks = ops.reshape(planes, (-1, rows, size, columns, size, channels))
    blocks = ops.transpose(blocks, (0, 1, 3, 5, 2, 4))
    return ops.reshape(blocks, (-1, rows * columns * channels, size * size))


def _planes(blocks, size, height, width, channels):
    """`_blocks` undone."""
    shape = (-1, height // size, width // size, channels, size, size)
    planes = ops.transpose(ops.reshape(blocks, shape), (0, 1, 4, 2, 5, 3))
    return ops.reshape(planes, (-1, height, width, channels))


def _code(planes, size, dc_steps, ac_steps):
    """Quantises planes [N, H, W, C] in 4 x 4 blocks of `size` pixels' sides.

    Subsampled chroma has blocks of 8 pixels: the mean of each 2 x 2 square on
    the way in and its repetition on the way out are part of the matrices.
    """
    _, height, width, channels = planes.shape
    factor = size // 4
    rows = _dct(4) @ np.repeat(np.eye(4), factor, axis=0).T
    synthesis = np.kron(rows, rows)
    analysis = ops.convert_to_tensor(synthesis.T / factor**2, planes.dtype)
    synthesis = ops.convert_to_tensor(synthesis, planes.dtype)
    flat = ops.convert_to_tensor(np.eye(16)[:1], planes.dtype)
    steps = ac_steps + (dc_steps - ac_steps) * flat
    found = ops.tensordot(_blocks(planes, size), analysis, axes=[[-1], [0]])
    blocks = ops.tensordot(_quantize(found, steps), synthesis, axes=[[-1], [0]])
    return _planes(blocks, size, height, width, channels)


def webp(images, quality):
    """Compresses and decompresses images about as lossy WebP does.

    VP8's colour space, chroma subsampling, block size and steps; a whole step
    is rounded to, and the gradient is that of the identity. Left out are
    prediction from neighbours, the filter along the edges of blocks and the
    segments of different steps.

    Args:
        images: [N, H, W, 3] in [0, 1], H and W known.
        quality: One number or [N], 0 to 100.

    Returns:
        [N, H, W, 3] in [0, 1], float32 (float64 for float64 images).
    """
    images = to_compute_dtype(images)
    _, height, width, _ = images.shape
    index = ops.cast(quality_to_index(quality), images.dtype)
    index = ops.reshape(index, (-1, 1, 1))
    # VP8's coefficients are twice an orthonormal transform's, those of the
    # second one, of the luma's means, four times; and 219 or 224 levels stand
    # for 255.
    dc, ac = _steps(DC_STEPS, index), _steps(AC_STEPS, index)
    means = ops.maximum(1.55 * ac, 8.0) / 4.0
    ycbcr = rgb_to_ycbcr(pad_to_multiple(images, 16) * 255.0) - 128.0
    luma = _code(ycbcr[..., :1], 4, means * (255 / 219), ac / 2.0 * (255 / 219))
    chroma = _code(
        ycbcr[..., 1:],
        8,
        ops.minimum(dc, 132.0) / 2.0 * (255 / 224),
        ac / 2.0 * (255 / 224),
    )
    ycbcr = ops.concatenate([luma, chroma], axis=-1) + 128.0
    rgb = ycbcr_to_rgb(ycbcr[:, :height, :width])
    return ops.clip(rgb / 255.0, 0.0, 1.0)
