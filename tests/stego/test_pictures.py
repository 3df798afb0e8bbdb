"""What a training shows of its players."""

import numpy as np

from stego.pictures import training_strips
from tests.stego.small_game import batch, make


def test_strips_show_cover_stego_and_difference():
    game, (covers, messages) = make("modern"), batch(3)
    strip = training_strips(game, covers, messages)["players"]
    assert strip.shape == (48, 48, 3) and strip.dtype == np.uint8
    top = np.concatenate(list((covers + 1) * 127.5), axis=1)
    np.testing.assert_allclose(strip[:16], top, atol=0.51)
    # Most values do not change: their difference is middle gray.
    assert np.mean(np.isin(strip[32:], (127, 128))) > 0.9
