"""The chain at its strongest, and photos to put through it."""

import numpy as np

from stegastamp.presets import SETTINGS

# All that takes part at its strongest; a knob's level says how much of it.
STRONG = SETTINGS.choose(
    "paper",
    rnd_align=0.1,
    rnd_shift=0.1,
    rnd_crop=0.3,
    rnd_cover=0.4,
    rnd_blur=1.0,
    jpeg_quality=10.0,
    webp_quality=10.0,
)


def photos(count=3, height=32, width=48):
    """Noise, float32 [N, H, W, 3] in [0, 1]."""
    random = np.random.default_rng(2)
    return random.random((count, height, width, 3)).astype("float32")
