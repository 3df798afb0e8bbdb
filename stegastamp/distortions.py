"""The printed-photo chain between encoder and decoder.

Source: StegaStamp, section 3.2 and the released code. The order
differs: geometry, blur, colour, noise, JPEG, as a camera has it. The original
adds its noise before the colour changes.
"""

import dataclasses

import keras
from keras import ops

from shared.ops.blur import filter2d, gaussian_kernels, line_kernels
from shared.ops.jpeg import jpeg
from shared.ops.warp import corner_offsets_to_homographies, projective_warp

LUMA = (0.3, 0.6, 0.1)


@dataclasses.dataclass(frozen=True)
class Strengths:
    """Full strengths; a schedule's levels scale them from 0 to 1.

    Attributes:
        align: Corner shift of the photo before decoding, share of its width.
        blur: Probability of a blur; half are Gaussian, half are lines.
        blur_sigma: Largest sigma of the Gaussian blur, in pixels (least: 1).
        brightness: Largest shift of all channels.
        hue: Largest shift of each channel alone.
        contrast_low: Least factor of contrast.
        contrast_high: Largest factor of contrast.
        saturation: Largest share of colour taken away.
        noise: Largest standard deviation of the noise.
        jpeg_quality: Least quality of JPEG, 1 to 100.
        jpeg: Whether JPEG is in the chain at all.
        jpeg_scale: How much larger the photo is while it is compressed: a
            stamp is stretched onto a photo of several times its size.
        jpeg_rounding: See `shared.ops.jpeg.jpeg`.
    """

    align: float
    blur: float
    blur_sigma: float
    brightness: float
    hue: float
    contrast_low: float
    contrast_high: float
    saturation: float
    noise: float
    jpeg_quality: float
    jpeg: bool
    jpeg_scale: int
    jpeg_rounding: str


def random_corner_offsets(count, height, width, share, seed):
    """Draws corner shifts [count, 4, 2] in pixels, |shift| <= share * side."""
    unit = keras.random.uniform((count, 4, 2), -1.0, 1.0, seed=seed)
    sides = ops.cast(ops.array([width, height]), unit.dtype)
    return unit * share * sides


def change_colours(images, contrast, shift, gray_share):
    """Changes light and colour as the original's chain does.

    Args:
        images: [N, H, W, 3]; clipped to [0, 1] first.
        contrast: Factor, [N, 1, 1, 1].
        shift: Added after it, [N, 1, 1, 3] or [N, 1, 1, 1].
        gray_share: Share of the colour that is taken away, [N, 1, 1, 1].

    Returns:
        Images of the same shape, in [0, 1].
    """
    images = ops.clip(images, 0.0, 1.0) * contrast + shift
    images = ops.clip(images, 0.0, 1.0)
    gray = ops.sum(images * ops.array(LUMA), axis=-1, keepdims=True)
    return images * (1.0 - gray_share) + gray * gray_share


def distort(images, levels, strengths: Strengths, seed):
    """Damages images as printing and photographing them would.

    Args:
        images: [N, H, W, 3] in [0, 1].
        levels: Scalars in [0, 1] by name: `align`, `blur`, `brightness`,
            `contrast`, `saturation`, `hue`, `noise`, `jpeg`.
        strengths: What a level of 1 means.
        seed: A `keras.random.SeedGenerator`.

    Returns:
        Images of the same shape, in [0, 1].
    """
    count, height, width = ops.shape(images)[0], *images.shape[1:3]

    def uniform(low, high, *shape):
        return keras.random.uniform((count, *shape), low, high, seed=seed)

    if strengths.align:
        offsets = random_corner_offsets(
            count, height, width, strengths.align * levels["align"], seed
        )
        warp, _ = corner_offsets_to_homographies(offsets, height, width)
        images = projective_warp(images, warp, fill="edge")

    if strengths.blur:
        images = filter2d(images, _blur_kernels(levels, strengths, uniform))

    contrast = levels["contrast"]
    low = 1.0 - (1.0 - strengths.contrast_low) * contrast
    high = 1.0 + (strengths.contrast_high - 1.0) * contrast
    brightness = strengths.brightness * levels["brightness"]
    hue = strengths.hue * levels["hue"]
    images = change_colours(
        images,
        low + (high - low) * uniform(0.0, 1.0, 1, 1, 1),
        brightness * uniform(-1.0, 1.0, 1, 1, 1)
        + hue * uniform(-1.0, 1.0, 1, 1, 3),
        strengths.saturation
        * levels["saturation"]
        * uniform(0.0, 1.0, 1, 1, 1),
    )

    sigma = strengths.noise * levels["noise"] * uniform(0.0, 1.0, 1, 1, 1)
    noise = keras.random.normal(ops.shape(images), seed=seed)
    images = ops.clip(images + sigma * noise, 0.0, 1.0)

    if strengths.jpeg:
        lowest = 100.0 - levels["jpeg"] * (100.0 - strengths.jpeg_quality)
        quality = lowest + (100.0 - lowest) * uniform(0.0, 1.0)
        scale = strengths.jpeg_scale
        large = ops.image.resize(images, (scale * height, scale * width))
        coded = jpeg(large, quality, rounding=strengths.jpeg_rounding)
        # What JPEG changed, not what enlarging and shrinking did.
        images = images + ops.average_pool(coded - large, scale, scale)
        images = ops.clip(images, 0.0, 1.0)
    return images


def _blur_kernels(levels, strengths, uniform, size=7):
    """One kernel an image: Gaussian, line, or (mostly) the identity."""
    gaussian = gaussian_kernels(size, uniform(1.0, strengths.blur_sigma))
    line = line_kernels(size, uniform(0.0, 3.141592653589793))
    identity = ops.zeros_like(line) + ops.reshape(
        ops.one_hot(size * size // 2, size * size), (size, size)
    )
    chance = strengths.blur * levels["blur"]
    pick = uniform(0.0, 1.0, 1, 1)
    kernels = ops.where(pick < chance / 2, gaussian, line)
    return ops.where(pick < chance, kernels, identity)
