"""A fresh discriminator as the judge of realism."""

import numpy as np

from agns.realism import Judged, judge


def test_a_fresh_discriminator_tells_what_can_be_told():
    random = np.random.default_rng(0)
    dark, light, more = (
        random.integers(low, low + 80, (24, 64, 176, 3)).astype(np.uint8)
        for low in (0, 160, 160)
    )
    frames, labels = Judged(dark, light, 8, 0)[0]
    assert frames.shape == (8, 64, 176, 3)
    np.testing.assert_array_equal(labels[:, 0], [1] * 4 + [0] * 4)
    area, (low, high) = judge(dark, light, 6, 0)
    assert area > 0.9 and low <= area <= high
    area, (low, high) = judge(light, more, 1, 0)
    assert low < 0.75 and high > 0.25
