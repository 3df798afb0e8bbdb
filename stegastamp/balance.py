"""What is seen of a stamp against what it holds out: the trade of one photo."""

import dataclasses
import functools

from shared.measures.quality import psnr
from stegastamp.read_back import (
    FACTORS,
    ReadBack,
    copy_of,
    least_factor,
    wrong_bits,
)
from stegastamp.refine import START, WEIGHTS, Effort, refine, stamp

# A refined stamp is about as strong as it should be; refining it on shows less
# than making it stronger.
_REFINED = (1.0, 1.15, 1.3)
_LAST = tuple(factor for factor in FACTORS if factor >= 1.0)
# One whose bits are not sure is refined on with so much less regard for what
# is seen, as often as this: pages of text need it.
LESS, ROUNDS = 0.25, 3


@dataclasses.dataclass(frozen=True)
class Aim:
    """What a stamp is to be.

    Attributes:
        strength: What multiplies it in the end.
        against: What it holds out against, a key of `looks.LOOKS`.
        psnr: dB that it has exactly, as far as bytes allow, or None.
    """

    strength: float = 1.0
    against: str = "print"
    psnr: float | None = None


def at_psnr(copy, residual, wanted):
    """Scales a residual to a PSNR.

    Args:
        copy: uint8 RGB photo.
        residual: float32 [h, w, 1 or 3].
        wanted: dB.

    Returns:
        The factor.
    """
    low, high = 0.0, 16.0
    for _ in range(20):
        middle = (low + high) / 2
        if psnr(copy, stamp(copy, residual * middle)) >= wanted:
            low = middle
        else:
            high = middle
    return low


def balance(
    read, differentiate, color, scale, plain, secret, effort: Effort, aim: Aim
):
    """Makes a photo's stamp of what the network says.

    Args:
        read: Callable, list of uint8 RGB photos to logits [N, S].
        differentiate: As for `refine`; not called without steps.
        color: [H, W, 1 or 3], the photo.
        scale: Its full scale.
        plain: float32 [h, w, 1 or 3], the network's residual.
        secret: [S] of 0 and 1.
        effort: How long to refine.
        aim: What the stamp is to be.

    Returns:
        The residual, before it is multiplied, and a ReadBack with the factor.
    """
    copy = copy_of(color, scale)
    residual = plain
    weight = WEIGHTS[aim.against]
    if effort.steps:
        small = copy_of(color, scale, effort.pixels)
        residual = START * plain

    def refined(residual, weight):
        return refine(
            differentiate,
            small,
            residual,
            secret,
            effort,
            aim.against,
            weight,
            aim.psnr,
            color.shape[:2],
        )

    if aim.psnr is not None:
        if effort.steps:
            residual = refined(residual, weight)
        factor = at_psnr(copy, residual, aim.psnr)
        wrong = wrong_bits(read, copy, residual, secret, aim.against)(factor)
        return residual, ReadBack(factor, tuple(wrong.tolist()), aim.against)
    least = functools.partial(
        least_factor, read, copy, secret=secret, strength=aim.strength
    )
    for left in reversed(range(ROUNDS if effort.steps else 0)):
        residual = refined(residual, weight)
        found = least(
            residual=residual,
            factors=_REFINED if left else _LAST,
            against=aim.against,
        )
        if found.is_sure:
            return residual, found
        weight *= LESS
    plainly = least(residual=plain, against=aim.against)
    if not effort.steps:
        return plain, plainly
    # What no stamp survives, a thumbnail in JPEG 25, must not have bent this
    # one so that it survives less.
    if plainly.is_read or plainly.excess <= found.excess:
        return plain, plainly
    return residual, found
