"""Controls: the PSNR that was asked for, and the change that it says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from malicious_ae.controls import (
    at_psnr,
    colour_cast,
    difference_picture,
    gaussian_noise,
    jpeg,
)
from shared.measures.quality import psnr


def drawn(seed, low=0, high=256):
    random = np.random.default_rng(seed)
    return random.integers(low, high, (24, 32, 3), dtype=np.uint8)


@settings(max_examples=30, deadline=None)
@given(st.floats(20, 45), st.integers(0, 2**32 - 1))
def test_noise_has_the_psnr_asked_for(target, seed):
    image = drawn(seed)
    changed = gaussian_noise(image, target, np.random.default_rng(seed))
    assert changed.dtype == np.uint8
    assert psnr(image, changed) == pytest.approx(target, abs=0.15)


def test_a_residual_keeps_its_direction():
    image, residual = (
        drawn(0, 60, 190),
        np.random.default_rng(1).normal(0, 1, (24, 32, 3)),
    )
    change = at_psnr(image, residual, 25.0).astype(float) - image
    assert np.corrcoef(change.ravel(), residual.ravel())[0, 1] > 0.99
    with pytest.raises(ValueError, match="zero throughout"):
        at_psnr(image, np.zeros((24, 32, 3)), 25.0)


def test_the_cast_is_one_colour_in_the_attacks_direction():
    image = drawn(2, 60, 190)
    attacked = image + np.array([6, 0, 2], np.uint8)
    changed = colour_cast(image, attacked, 28.0)
    change = changed.astype(int) - image
    assert (change == change[0, 0]).all()
    assert change[0, 0, 0] > change[0, 0, 2] > change[0, 0, 1] >= 0
    assert psnr(image, changed) == pytest.approx(28.0, abs=0.4)
    gray = colour_cast(image, image, 28.0).astype(int) - image
    assert len(np.unique(gray)) == 1 and gray.max() > 0


def test_jpeg_comes_near_the_psnr(photo):
    near = [psnr(photo, jpeg(photo, target)) for target in (26, 30, 34)]
    np.testing.assert_allclose(near, (26, 30, 34), atol=1.5)


def test_the_difference_is_shown_around_gray():
    image = drawn(3, 60, 190)
    attacked = image.copy()
    attacked[0, 0] += 3
    attacked[0, 1] -= 2
    picture = difference_picture(image, attacked, gain=10)
    assert (picture[0, 0] == 158).all() and (picture[0, 1] == 108).all()
    assert (picture[1:] == 128).all()
