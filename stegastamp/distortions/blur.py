"""A photo out of focus, or moved while it was taken."""

from keras import ops

from shared.ops.blur import filter2d, gaussian_kernels, line_kernels
from shared.training.settings import Setting
from stegastamp.distortions.record import Distortion

_SIZE = 7


def _blur(images, levels, settings, draw):
    """One kernel an image: Gaussian, line, or (mostly) the identity."""
    sigma = draw.uniform(1.0, settings["blur_sigma"])
    gaussian = gaussian_kernels(_SIZE, sigma)
    line = line_kernels(_SIZE, draw.uniform(0.0, 3.141592653589793))
    identity = ops.zeros_like(line) + ops.reshape(
        ops.one_hot(_SIZE * _SIZE // 2, _SIZE * _SIZE), (_SIZE, _SIZE)
    )
    chance = settings["rnd_blur"] * levels["blur"]
    pick = draw.uniform(0.0, 1.0, 1, 1)
    kernels = ops.where(pick < chance / 2, gaussian, line)
    return filter2d(images, ops.where(pick < chance, kernels, identity))


BLUR = Distortion(
    settings={
        "rnd_blur": Setting(
            "Probability of a blur; half are Gaussian, half are lines."
        ),
        "blur_sigma": Setting(
            "Largest sigma of the Gaussian blur, in pixels (least: 1)."
        ),
    },
    ramps={"blur": None},
    apply=_blur,
    on=lambda settings: settings["rnd_blur"],
)
