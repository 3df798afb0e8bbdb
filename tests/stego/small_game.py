"""The stego game in small, and a batch of it."""

import keras
import numpy as np

from shared.ranges import levels_to_signed
from stego.game import StegoGame, build_rules
from stego.presets import PRESETS


def make(preset, seed=1, learning_rate=1e-3, **changes):
    """A game on tiles of 16 x 16 with messages of 12 bits."""
    settings = PRESETS[preset] | {"output_size": 16, "msg_len": 12} | changes
    keras.utils.set_random_seed(seed)
    return StegoGame(
        build_rules(settings),
        learning_rate,
        settings["eve_optimizer"],
        1e-3,
    )


def batch(count=4, size=16, bits=12, seed=2):
    """Covers and messages drawn by chance."""
    random = np.random.default_rng(seed)
    levels = random.integers(0, 256, (count, size, size, 3), dtype=np.uint8)
    messages = random.integers(0, 2, (count, bits)).astype("float32") - 0.5
    return levels_to_signed(levels), messages
