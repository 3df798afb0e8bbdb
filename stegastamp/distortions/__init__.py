"""The printed-photo chain between encoder and decoder.

Source: StegaStamp, section 3.2 and the released code. The order differs: what
is cut off or covered, geometry, blur, colour, noise, JPEG and WebP, as a camera
and who passes its photos on have it. The original adds its noise before the
colour changes.
"""

from keras import ops

from stegastamp.distortions.blur import BLUR
from stegastamp.distortions.colour import COLOURS
from stegastamp.distortions.geometry import ALIGN
from stegastamp.distortions.jpeg import JPEG
from stegastamp.distortions.noise import NOISE
from stegastamp.distortions.occlusion import COVER, CROP
from stegastamp.distortions.record import Distortion, Draw
from stegastamp.distortions.webp import WEBP

__all__ = [
    "CHAIN",
    "KNOBS",
    "RAMPS",
    "SETTINGS",
    "Distortion",
    "Draw",
    "distort",
]

CHAIN = (CROP, COVER, ALIGN, BLUR, COLOURS, NOISE, JPEG, WEBP)
RAMPS = {knob: ramp for link in CHAIN for knob, ramp in link.ramps.items()}
KNOBS = tuple(RAMPS)
SETTINGS = {
    name: setting for link in CHAIN for name, setting in link.settings.items()
}


def distort(images, levels, settings, seed):
    """Damages images as printing and photographing them would.

    Args:
        images: [N, H, W, 3] in [0, 1].
        levels: Scalars in [0, 1] by knob, of all `KNOBS`.
        settings: What a level of 1 means: values of all `SETTINGS`.
        seed: A `keras.random.SeedGenerator`.

    Returns:
        Images of the same shape, in [0, 1].
    """
    draw = Draw(ops.shape(images)[0], seed)
    for link in CHAIN:
        if link.on(settings):
            images = link.apply(images, levels, settings, draw)
    return images
