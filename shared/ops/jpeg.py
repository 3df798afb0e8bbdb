"""A differentiable JPEG: colour, chroma subsampling, DCT, soft rounding."""

import numpy as np
from keras import ops

from shared.errors import check_choice
from shared.ops.color import rgb_to_ycbcr, ycbcr_to_rgb
from shared.ops.precision import to_compute_dtype

# ITU-T T.81 Annex K.1; row = vertical frequency, column = horizontal.
LUMA_TABLE = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
)
CHROMA_TABLE = np.full((8, 8), 99)
CHROMA_TABLE[:4, :4] = [
    [17, 18, 24, 47],
    [18, 21, 26, 66],
    [24, 26, 56, 99],
    [47, 66, 99, 99],
]


def _dct_matrix():
    frequency = np.arange(8)[:, None]
    sample = np.arange(8)[None]
    matrix = 0.5 * np.cos((2 * sample + 1) * frequency * np.pi / 16)
    matrix[0] /= np.sqrt(2)
    return matrix


def _block_transforms(size):
    """Matrices pixels -> coefficients and back for size x size blocks.

    `size` is 8, or 16 for subsampled chroma: the mean of each 2x2 square on
    the way in and its repetition on the way out are part of the matrices.
    Returns [size^2, 64] and [64, size^2].
    """
    factor = size // 8
    grow = np.repeat(np.eye(8), factor, axis=0)  # [size, 8]
    rows = _dct_matrix() @ grow.T  # [8, size]
    synthesis = np.kron(rows, rows)  # [64, size^2]
    return synthesis.T / factor**2, synthesis


_TRANSFORMS = {8: _block_transforms(8), 16: _block_transforms(16)}


def _round_cubic_zero(values):
    return ops.where(ops.abs(values) < 0.5, values**3, values)


def _round_cubic(values):
    nearest = ops.stop_gradient(ops.round(values))
    return nearest + (values - nearest) ** 3


_ROUNDINGS = {"cubic_zero": _round_cubic_zero, "cubic": _round_cubic}


def quality_to_factor(quality):
    """Turn JPEG quality 1..100 into the scale of the quantisation tables.

    50 / q below 50, else 2 - q / 50: 1 at quality 50, 0 at 100 (table
    entries never fall below 1, so 100 still quantises to whole steps).
    `quality` is a number or tensor of any shape and is clipped to 1..100.
    """
    quality = ops.clip(to_compute_dtype(quality), 1.0, 100.0)
    return ops.where(quality < 50.0, 50.0 / quality, 2.0 - quality / 50.0)


def _compress_planes(planes, size, table, factor, round_softly):
    """Quantise [N, H, W, C] planes (0 = mid grey) in size x size blocks."""
    _, height, width, channels = planes.shape
    rows, columns = height // size, width // size
    analysis, synthesis = (
        ops.convert_to_tensor(matrix, dtype=planes.dtype)
        for matrix in _TRANSFORMS[size]
    )
    blocks = ops.reshape(planes, (-1, rows, size, columns, size, channels))
    blocks = ops.transpose(blocks, (0, 1, 3, 5, 2, 4))
    blocks = ops.reshape(blocks, (-1, rows * columns * channels, size * size))
    table = ops.convert_to_tensor(table.reshape(1, 1, 64), dtype=planes.dtype)
    steps = ops.clip(table * factor, 1.0, 255.0)  # [N or 1, 1, 64]
    coefficients = ops.tensordot(blocks, analysis, axes=[[-1], [0]])
    coefficients = round_softly(coefficients / steps) * steps
    blocks = ops.tensordot(coefficients, synthesis, axes=[[-1], [0]])
    blocks = ops.reshape(blocks, (-1, rows, columns, channels, size, size))
    blocks = ops.transpose(blocks, (0, 1, 4, 2, 5, 3))
    return ops.reshape(blocks, (-1, height, width, channels))


def pad_to_multiple(images, multiple):
    """Mirror the last rows and columns until both sizes are multiples."""
    for axis in (1, 2):
        size = images.shape[axis]
        missing = -size % multiple
        if missing:
            # Indices, not a pad operation: that one refuses to add more than
            # it has, and a 17x5 image needs 11 columns.
            index = np.pad(np.arange(size), (0, missing), mode="symmetric")
            images = ops.take(images, index, axis=axis)
    return images


def jpeg(images, quality, subsampling="420", rounding="cubic_zero"):
    """Compress and decompress images as JPEG does, differentiably.

    `images` is [N, H, W, 3] in [0, 1], any H and W known when the graph is
    built; `quality` is one number or [N], 1..100. `subsampling` is "420"
    (chroma halved by 2x2 means, repeated back) or "444". `rounding` stands in
    for rounding to whole steps: "cubic_zero" is x^3 for |x| < .5 and x
    elsewhere; "cubic" is round(x) + (x - round(x))^3, nearer to the codec.
    Returns [N, H, W, 3] in [0, 1], float32 (float64 for float64 images).

    Raises ValueError on an unknown option, images that are not RGB of known
    size, or a plain number as quality outside 1..100.

    After StegaStamp (Tancik et al. 2020, section 3.2) and Shin and Song
    (2017). Differs from the original code: any size (it returned an empty
    image when one axis only needed padding), the luma table is not
    transposed against the frequencies, and table entries stay in 1..255 as
    baseline JPEG has them, so quality 100 does not divide by zero.
    """
    check_choice("subsampling", subsampling, ("420", "444"))
    check_choice("rounding", rounding, _ROUNDINGS)
    if isinstance(quality, int | float) and not 1 <= quality <= 100:
        raise ValueError(
            f"`quality` must be in 1..100. Received: quality={quality}"
        )
    images = to_compute_dtype(images)
    shape = tuple(images.shape)
    if len(shape) != 4 or shape[3] != 3 or None in shape[1:]:
        raise ValueError(
            "`images` must be [N, height, width, 3] with height and width "
            f"known. Received: shape={shape}"
        )
    _, height, width, _ = shape
    factor = ops.cast(quality_to_factor(quality), images.dtype)
    factor = ops.reshape(factor, (-1, 1, 1))
    round_softly = _ROUNDINGS[rounding]
    chroma_size = 16 if subsampling == "420" else 8

    ycbcr = rgb_to_ycbcr(pad_to_multiple(images, chroma_size) * 255.0) - 128.0
    luma = _compress_planes(ycbcr[..., :1], 8, LUMA_TABLE, factor, round_softly)
    chroma = _compress_planes(
        ycbcr[..., 1:], chroma_size, CHROMA_TABLE, factor, round_softly
    )
    ycbcr = ops.concatenate([luma, chroma], axis=-1) + 128.0
    rgb = ycbcr_to_rgb(ycbcr[:, :height, :width])
    return ops.clip(rgb / 255.0, 0.0, 1.0)
