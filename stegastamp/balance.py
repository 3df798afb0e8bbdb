"""What is seen of a stamp against what it holds out: the trade of one photo."""

import dataclasses

from shared.measures.quality import psnr
from stegastamp.read_back import (
    FACTORS,
    ReadBack,
    copy_of,
    least_factor,
    wrong_bits,
)
from stegastamp.refine import START, WEIGHTS, Effort, refine, stamp

# A refined stamp is as strong as it should be.
_REFINED = tuple(factor for factor in FACTORS if factor >= 1.0)
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
    residual, factors = plain, FACTORS
    weight = WEIGHTS[aim.against]
    if effort.steps:
        small = copy_of(color, scale, effort.pixels)
        residual, factors = START * plain, _REFINED

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
        )

    if aim.psnr is not None:
        if effort.steps:
            residual = refined(residual, weight)
        factor = at_psnr(copy, residual, aim.psnr)
        wrong = wrong_bits(read, copy, residual, secret, aim.against)(factor)
        return residual, ReadBack(factor, tuple(wrong.tolist()), aim.against)
    for _ in range(ROUNDS if effort.steps else 1):
        if effort.steps:
            residual = refined(residual, weight)
        found = least_factor(
            read, copy, residual, secret, aim.strength, factors, aim.against
        )
        if found.is_sure:
            break
        weight *= LESS
    return residual, found
