"""How strong a stamp must be, found by damaging it and reading it back.

Some photos take a message easily and some hardly. Each gets the least of a
few factors at which its message has errors to spare: no more visible than it
must be, and with a margin for what happens to it.
"""

import cv2
import numpy as np

from shared.images import resize_area
from stegastamp.attacks import jpeg

FACTORS = (0.5, 0.6, 0.7, 0.85, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0)
# The photo is tried at no more pixels than this. JPEG does less to a larger
# one, on which the stamp is coarser.
PIXELS = 768 * 512
QUALITY = 25
BRIGHTER = 1.5
# Wrong bits allowed as stamped, brighter, and after JPEG; five are mended.
SPARE = np.array([2, 4, 3])


def copy_of(color, scale):
    """A photo as it is tried: uint8 RGB of at most `PIXELS` pixels.

    Args:
        color: [H, W, 1 or 3] of any type.
        scale: its full scale, such as 255.
    """
    height, width = color.shape[:2]
    shrink = min(1.0, (PIXELS / (height * width)) ** 0.5)
    if shrink < 1.0:
        color = resize_area(
            color,
            max(1, round(shrink * height)),
            max(1, round(shrink * width)),
        )
    levels = np.rint(color * np.float32(255 / scale)).astype(np.uint8)
    return np.repeat(levels, 3, axis=2) if levels.shape[2] == 1 else levels


def least_factor(read, copy, residual, secret):
    """The least of `FACTORS` that leaves errors to spare, or the best one.

    Args:
        read: callable, list of uint8 RGB photos -> logits [N, S].
        copy: uint8 [h, w, 3], see `copy_of`.
        residual: float32 [H, W, 1 or 3], as a share of full scale, at the
            network's size.
        secret: [S] of 0 and 1.

    Returns:
        float.
    """
    height, width = copy.shape[:2]
    if residual.shape[2] == 1:
        residual = np.repeat(residual, 3, axis=2)
    residual = 255 * cv2.resize(
        residual, (width, height), interpolation=cv2.INTER_CUBIC
    )
    excess = []
    for factor in FACTORS:
        stamped = cv2.addWeighted(
            copy, 1.0, residual, factor, 0.0, dtype=cv2.CV_8U
        )
        brighter = cv2.convertScaleAbs(stamped, alpha=BRIGHTER)
        logits = read([stamped, brighter, jpeg(stamped, QUALITY)])
        wrong = ((logits > 0) != secret).sum(axis=1)
        excess.append((wrong - SPARE).max())
        if excess[-1] <= 0:
            break
    return FACTORS[int(np.argmin(excess))]
