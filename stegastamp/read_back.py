"""How strong a stamp must be, found by damaging it and reading it back.

Some photos take a message easily and some hardly. Each gets the least of a
few factors at which its message has errors to spare: no more visible than it
must be, and with a margin for what happens to it.
"""

import dataclasses

import cv2
import numpy as np

from shared.images import resize_area
from stegastamp.attacks import jpeg

FACTORS = (0.5, 0.6, 0.7, 0.85, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0)
# The photo is tried at no more pixels than this. JPEG does less to a larger
# one, on which the stamp is coarser.
PIXELS = 768 * 512
# What is tried, by what a message is to hold out against: how much brighter,
# and which quality of JPEG.
TRIED = {"web": (1.2, 50), "print": (1.5, 25)}
# Wrong bits allowed as stamped, brighter, and after JPEG; five are mended.
SPARE = np.array([2, 4, 3])
# Strengths to try where the one asked for leaves a message unreadable: what
# is stronger need not be read better.
STRENGTHS = (1.0, 1.5, 2.0, 3.0, 5.0)
AT_THIS_PSNR = (
    "the message cannot be read back at this PSNR; a lower target may hold it"
)
_UNREADABLE = (
    "this picture cannot carry a message with this model, and no strength up "
    "to 5 mends that: text and line drawings in black on white drown it; a "
    "photo carries one, and often a paler copy (ink at 60, paper at 200 of "
    "255)"
)


@dataclasses.dataclass
class ReadBack:
    """What the read-back of one stamp said; `Encoder.encode` fills it in.

    Attributes:
        factor: float, what the network's stamp was multiplied by (strength
            included).
        wrong: three ints: wrong bits as stamped, brighter, and after JPEG.
        against: key of `TRIED`, which was tried.
    """

    factor: float = 1.0
    wrong: tuple = (0, 0, 0)
    against: str = "print"

    @property
    def excess(self):
        """Bits that are wrong beyond what may be; the less, the better.

        A pair: as stamped and after JPEG, and brighter. No stamp helps white
        paper that is brightened; that must not choose.
        """
        stamped, brighter, compressed = np.array(self.wrong) - SPARE
        return int(max(0, stamped, compressed)), int(max(0, brighter))

    @property
    def is_read(self):
        """Whether bits are to spare as stamped."""
        return bool(self.wrong[0] <= SPARE[0])

    @property
    def is_sure(self):
        """Whether bits are to spare, but for light."""
        return self.excess[0] == 0

    @property
    def losses(self):
        """What the message may be lost after, as a list of str.

        Empty where the stamp has errors to spare.
        """
        gain, quality = TRIED[self.against]
        names = "any change", f"brightness x{gain:g}", f"JPEG {quality}"
        return [
            name
            for name, wrong, spare in zip(names, self.wrong, SPARE, strict=True)
            if wrong > spare
        ]


def copy_of(color, scale, pixels=PIXELS):
    """A photo as it is tried: uint8 RGB of at most `pixels` pixels.

    Args:
        color: [H, W, 1 or 3] of any type.
        scale: its full scale, such as 255.
        pixels: int.
    """
    height, width = color.shape[:2]
    shrink = min(1.0, (pixels / (height * width)) ** 0.5)
    if shrink < 1.0:
        color = resize_area(
            color,
            max(1, round(shrink * height)),
            max(1, round(shrink * width)),
        )
    levels = np.rint(color * np.float32(255 / scale)).astype(np.uint8)
    return np.repeat(levels, 3, axis=2) if levels.shape[2] == 1 else levels


def wrong_bits(read, copy, residual, secret, against="print"):
    """Counts wrong bits of a stamp, at a factor of it.

    Args:
        read, copy, residual, secret, against: as for `least_factor`.

    Returns:
        callable, factor -> [3]: as stamped, brighter, and after JPEG.
    """
    height, width = copy.shape[:2]
    if residual.shape[2] == 1:
        residual = np.repeat(residual, 3, axis=2)
    residual = 255 * cv2.resize(
        residual, (width, height), interpolation=cv2.INTER_CUBIC
    )
    gain, quality = TRIED[against]

    def wrong_at(factor):
        stamped = cv2.addWeighted(
            copy, 1.0, residual, factor, 0.0, dtype=cv2.CV_8U
        )
        brighter = cv2.convertScaleAbs(stamped, alpha=gain)
        logits = read([stamped, brighter, jpeg(stamped, quality)])
        return ((logits > 0) != secret).sum(axis=1)

    return wrong_at


def least_factor(
    read,
    copy,
    residual,
    secret,
    strength=1.0,
    factors=FACTORS,
    against="print",
):
    """The least factor that leaves errors to spare, or the best one.

    Args:
        read: callable, list of uint8 RGB photos -> logits [N, S].
        copy: uint8 [h, w, 3], see `copy_of`.
        residual: float32 [H, W, 1 or 3], as a share of full scale, at the
            network's size.
        secret: [S] of 0 and 1.
        strength: float that multiplies the factor once it is found.
        factors: floats, rising.
        against: key of `TRIED`.

    Returns:
        ReadBack of the factor times `strength`.
    """
    wrong_at = wrong_bits(read, copy, residual, secret, against)
    tried = []
    for factor in factors:
        wrong = wrong_at(factor)
        tried.append(ReadBack(factor, tuple(wrong.tolist()), against))
        if tried[-1].excess == (0, 0):
            break
    found = min(tried, key=lambda trial: trial.excess)
    if strength != 1.0:
        factor = found.factor * strength
        found = ReadBack(factor, tuple(wrong_at(factor).tolist()), against)
    return found


def unreadable(effort):
    """What to say of a picture that carries no message.

    Args:
        effort: str, the encoder's.
    """
    return (
        _UNREADABLE
        if effort == "best"
        else (f"{_UNREADABLE}; a higher effort may help, too")
    )


def other_strength(reads, strength):
    """A strength at which a photo's message can be read after all.

    Args:
        reads: callable, strength -> bool.
        strength: float that failed.

    Returns:
        float, the first of `STRENGTHS` that does, or None.
    """
    for other in STRENGTHS:
        if other != strength and reads(other):
            return other
    return None
