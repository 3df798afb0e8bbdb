"""The stamp game in small, and a batch of it."""

import keras
import numpy as np
from keras import ops

from stegastamp.game import StampGame, build_rules
from stegastamp.presets import SETTINGS

SMALL = SETTINGS.choose("small", height=32, width=48, secret_size=8)


def make(**changes):
    """A game of the preset small on photos of 48 x 32."""
    keras.utils.set_random_seed(1)
    return StampGame(build_rules(SMALL | changes), seed=1, learning_rate=1e-3)


def batch(count=3):
    """Photos and secrets drawn by chance."""
    random = np.random.default_rng(2)
    images = random.random((count, 32, 48, 3)).astype("float32")
    secrets = random.integers(0, 2, (count, 8)).astype("float32")
    return ops.convert_to_tensor(images), ops.convert_to_tensor(secrets)
