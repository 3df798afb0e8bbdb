"""Pictures in which a change of one level can be found."""

import numpy as np


def textures(count=120, side=32, seed=0):
    """Smooth random pictures with a little noise: uint8 [N, s, s, 3]."""
    random = np.random.default_rng(seed)
    phase = random.uniform(0, 6, (count, 1, 1, 3))
    y, x = np.mgrid[:side, :side][:, None, ..., None] / 5.0
    slope = random.uniform(0.2, 1, (count, 1, 1, 1))
    waves = 120 + 60 * np.sin(slope * x + phase) + 40 * np.cos(y - phase)
    noise = random.normal(0, 0.4, waves.shape)
    return np.clip(np.rint(waves + noise), 0, 255).astype(np.uint8)
