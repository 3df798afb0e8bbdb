"""Refines a stamp on its photo: less to see, and the message as safe as before.

The encoder answers in one go and leaves room. From its residual on, each step
damages the stamped photo for real, asks for the gradient of the bits that are
not sure (`gradient.onnx`), and weighs it against what is seen, which counts
more where the photo is flat. Deterministic for a photo, message and model.
"""

import concurrent.futures
import dataclasses

import cv2
import numpy as np

from shared.images import resize_area
from stegastamp.looks import LOOKS, Canvas

# Of the network's answer, what the refinement starts at.
START = 0.3
# A step of one gray level, .004, does not converge.
FIRST_RATE, LAST_RATE = 6e-4, 5e-5
# Logits beyond this are sure enough.
MARGIN = 2.0
# How much more a flat place counts than a textured one, and from which
# standard deviation of the luma on.
FLAT_GAIN, FLAT_DEVIATION = 4.0, 0.04


@dataclasses.dataclass(frozen=True)
class Effort:
    """How long a stamp is refined.

    Attributes:
        steps: Of the refinement.
        pixels: The photo is damaged at no more than these.
    """

    steps: int
    pixels: int


EFFORTS = {
    "0": Effort(0, 768 * 512),
    "1": Effort(60, 384 * 256),
    "best": Effort(200, 768 * 512),
}
# What the residual's energy weighs against the bits: the more, the less it is
# seen and the less it holds out against.
WEIGHTS = {"web": 30_000.0, "print": 14_000.0}
# How fast the weight follows a PSNR that is asked for.
CHASE = 0.1


def visibility(copy, height, width):
    """How much a change is seen in each place of a photo.

    Args:
        copy: uint8 RGB [h, w, 3].
        height: Of the network, in pixels.
        width: Of the network, in pixels.

    Returns:
        float32 [height, width, 1] of mean 1.
    """
    luma = cv2.cvtColor(copy, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    mean = cv2.blur(luma, (9, 9))
    variance = np.maximum(cv2.blur(luma * luma, (9, 9)) - mean * mean, 0.0)
    flat = FLAT_DEVIATION**2
    seen = 1.0 + FLAT_GAIN * flat / (flat + variance)
    small = resize_area(seen[..., None], height, width)
    return (small / small.mean()).astype(np.float32)


def stamp(copy, residual):
    """Adds a residual of the network's size to a copy, in 8 bits."""
    height, width = copy.shape[:2]
    if residual.shape[2] == 1:
        residual = np.repeat(residual, 3, axis=2)
    large = cv2.resize(residual, (width, height), interpolation=cv2.INTER_CUBIC)
    return cv2.addWeighted(
        copy.astype(np.float32), 1.0, large, 255.0, 0.0, dtype=cv2.CV_8U
    )


class Adam:
    """Adam (Kingma and Ba 2015) on one array, betas .9 and .99."""

    def __init__(self, shape):
        self.steps = 0
        self.mean = np.zeros(shape, np.float32)
        self.square = np.zeros(shape, np.float32)

    def change(self, gradient, rate):
        """What one step of a rate adds to the array."""
        self.steps += 1
        self.mean += 0.1 * (gradient - self.mean)
        self.square += 0.01 * (np.square(gradient) - self.square)
        mean = self.mean / (1 - 0.9**self.steps)
        square = self.square / (1 - 0.99**self.steps)
        return -np.float32(rate) * mean / (np.sqrt(square) + 1e-8)


def refine(
    differentiate,
    copy,
    residual,
    secret,
    effort,
    against,
    weight,
    target_psnr=None,
    size=None,
):
    """Refines the residual of one photo.

    Args:
        differentiate: Callable of photos [N, h, w, 3] in [0, 1], signs [N, S]
            of -1 and 1, and a margin to the gradient of the loss of
            `shared.onnx_gradient` for the photos, in their shape.
        copy: uint8 RGB [H, W, 3], the photo, see `read_back.copy_of`.
        residual: float32 [h, w, 1 or 3], where to start, as a share of full
            scale.
        secret: [S] of 0 and 1.
        effort: Effort.
        against: Key of `LOOKS`.
        weight: Of what is seen, against the bits.
        target_psnr: dB; the weight then follows until it is reached.
        size: (H, W) of the whole photo, if `copy` is smaller.

    Returns:
        float32 in the shape of `residual`; its mean colour is 0.
    """
    height, width, channels = residual.shape
    slots = LOOKS[against]
    random = np.random.default_rng(0)
    noise = random.standard_normal(copy.shape, np.float32)
    rows, columns = size or copy.shape[:2]
    quarter = max(1, columns // 4), max(1, rows // 4)
    canvas = Canvas(height, width, noise, quarter)
    seen = (2 / residual.size) * visibility(copy, height, width)
    # Secrets are uint8: 2 * 0 - 1 would be 255.
    sign = np.where(secret, np.float32(1), np.float32(-1))
    signs = np.repeat(sign[None], len(slots), axis=0)
    optimizer = Adam(residual.shape)
    rates = np.linspace(FIRST_RATE, LAST_RATE, effort.steps)
    # OpenCV lets go of Python's lock.
    with concurrent.futures.ThreadPoolExecutor(len(slots)) as pool:
        for step, rate in enumerate(rates):
            stamped = stamp(copy, residual)
            looks = [slot[step % len(slot)] for slot in slots]
            tasks = [
                pool.submit(look, canvas, stamped, one)
                for look, one in zip(
                    looks, random.spawn(len(slots)), strict=True
                )
            ]
            photos, backs = zip(*(t.result() for t in tasks), strict=True)
            gradients = differentiate(np.stack(photos), signs, MARGIN)
            gradient = sum(
                back(one) for back, one in zip(backs, gradients, strict=True)
            ) / np.float32(len(slots))
            if channels == 1:
                gradient = gradient.sum(axis=2, keepdims=True)
            gradient = gradient + np.float32(weight) * seen * residual
            residual = residual + optimizer.change(gradient, rate)
            residual -= residual.mean((0, 1))
            if target_psnr is not None:
                found = -10 * np.log10(np.square(residual).mean() + 1e-12)
                weight *= np.exp(CHASE * np.clip(target_psnr - found, -3, 3))
    return residual
