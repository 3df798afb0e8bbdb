"""What is cut off or covered."""

import keras
import numpy as np
from keras import ops

from stegastamp.distortions import Draw
from stegastamp.distortions.occlusion import COVER, cut_off
from tests.stegastamp.distortions.strong import STRONG, photos


def test_what_is_cut_off_shows_the_edges_of_what_is_left():
    images = photos(2, 10, 20)
    shares = np.float32([[0, 0, 0, 0], [0.1, 0.2, 0.25, 0.4]])
    seen = ops.convert_to_numpy(cut_off(images, shares))
    np.testing.assert_allclose(seen[0], images[0], atol=1e-6)
    left = images[1, 2:6, 2:15]
    wanted = np.pad(left, ((2, 4), (2, 5), (0, 0)), mode="edge")
    np.testing.assert_allclose(seen[1], wanted, atol=1e-5)


def test_a_sticker_covers_no_more_than_it_may():
    images = photos(64)
    draw = Draw(len(images), keras.random.SeedGenerator(4))
    seen = COVER.apply(images, {"cover": 1.0}, STRONG, draw)
    changed = (ops.convert_to_numpy(seen) != images).any(axis=-1)
    covered = changed.mean(axis=(1, 2))
    # Sides are of whole pixels.
    assert 0.2 < covered.max() < 1.15 * STRONG["rnd_cover"]
    assert (covered == 0).mean() > 0.3
