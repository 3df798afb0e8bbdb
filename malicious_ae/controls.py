"""What an attack is compared with: harmless changes of the same PSNR."""

import cv2
import numpy as np

from shared.images import Photo, decode_photo, encode_photo
from shared.measures.quality import psnr
from shared.ranges import unit_to_levels

TOLERANCE = 0.02  # dB


def at_psnr(photo, residual, target):
    """Adds a residual, scaled so that the saved photo has a given PSNR.

    Args:
        photo: uint8 [H, W, 3].
        residual: float [H, W, 3] of levels, not zero throughout.
        target: PSNR in dB.

    Returns:
        uint8 [H, W, 3], within .02 dB of the target where rounding to levels
        allows it.

    Raises:
        ValueError: if the residual is zero throughout.
    """
    size = float(np.sqrt(np.mean(np.square(residual))))
    if not size > 0:
        raise ValueError("the residual is zero throughout")
    # Without clipping this would be exact; a few corrections do the rest.
    scale = 255 * 10 ** (-target / 20) / size
    best = None
    for _ in range(12):
        changed = unit_to_levels((photo + scale * residual) / 255)
        reached = psnr(photo, changed)
        miss = abs(reached - target)
        if best is None or miss < best[0]:
            best = (miss, changed)
        if miss < TOLERANCE:
            break
        # All rounded away, or a step of rounding: grow, or correct.
        scale *= 2.0 if np.isinf(reached) else 10 ** ((reached - target) / 20)
    return best[1]


def gaussian_noise(photo, target, rng):
    """White noise of a given PSNR; see `at_psnr`."""
    return at_psnr(photo, rng.normal(0, 1, photo.shape), target)


def colour_cast(photo, attacked, target):
    """The attack's mean colour shift alone, at a given PSNR.

    What remains of an attack without its pattern: if this breaks the victim,
    the attack is a filter. See `at_psnr`; a photo whose mean did not move
    gets a gray shift.

    Args:
        photo: uint8 [H, W, 3].
        attacked: The same, attacked.
        target: PSNR in dB.

    Returns:
        uint8 [H, W, 3].
    """
    shift = (attacked.astype(np.float64) - photo).mean((0, 1))
    if np.abs(shift).max() < 1e-3:
        shift = np.ones(3)
    return at_psnr(photo, np.broadcast_to(shift, photo.shape), target)


def jpeg(photo, target):
    """JPEG of the quality whose PSNR is nearest to a given one.

    Returns:
        uint8 [H, W, 3]. Quality 1 to 100 reaches about 20 to 50 dB.
    """

    def compressed(quality):
        data = encode_photo(Photo(photo), ".jpg", quality)
        return decode_photo(data, "control").pixels

    low, high = 1, 100
    while high - low > 1:
        middle = (low + high) // 2
        if psnr(photo, compressed(middle)) < target:
            low = middle
        else:
            high = middle
    return min(
        (compressed(quality) for quality in (low, high)),
        key=lambda changed: abs(psnr(photo, changed) - target),
    )


def difference_picture(photo, attacked, gain=8):
    """The change around middle gray, times `gain`: uint8 [H, W, 3]."""
    change = cv2.subtract(attacked, photo, dtype=cv2.CV_32F)
    return np.clip(128 + gain * change, 0, 255).astype(np.uint8)
