"""The discriminator sees what a wearer would."""

import keras
import numpy as np

from agns.eyeglass_gan import EyeglassGan
from agns.frames import crop, load_mask
from tests.agns import tiny


def test_the_discriminator_sees_the_frame_only():
    game = EyeglassGan(
        tiny.generator(),
        tiny.discriminator(),
        keras.optimizers.Adam(),
        keras.optimizers.Adam(),
    )
    random = np.random.default_rng(0)
    real, fake = random.uniform(-1, 1, (2, 2, 64, 176, 3)).astype("float32")
    off = crop(load_mask()[..., None]) == 0
    other = np.where(off, 0.7, fake).astype("float32")
    for one, two in zip(
        game.judge(real, fake, False),
        game.judge(real, other, False),
        strict=True,
    ):
        np.testing.assert_allclose(one, two, atol=1e-5)
