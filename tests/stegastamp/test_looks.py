"""Looks damage for real, and their gradients come back to the right place."""

import numpy as np
import pytest

from stegastamp import looks
from stegastamp.looks import LOOKS, Canvas

HEIGHT, WIDTH = 32, 48


def canvas(photo):
    random = np.random.default_rng(0)
    return Canvas(
        HEIGHT,
        WIDTH,
        random.standard_normal(photo.shape, np.float32),
        (36, 24),
    )


def scene():
    """Blobs, so that neither codec nor sampling changes much."""
    y, x = np.mgrid[:128, :192] / 20
    waves = np.stack([np.sin(x + k) * np.cos(y - k) for k in range(3)], axis=2)
    return np.rint(110 + 60 * waves).astype(np.uint8)


ALL = sorted(
    {look for slots in LOOKS.values() for slot in slots for look in slot},
    key=lambda look: look.__name__,
)


@pytest.mark.parametrize("look", ALL, ids=lambda look: look.__name__)
def test_a_look_repeats_with_its_seed_and_leaves_the_photo(look):
    photo = scene()
    before = photo.copy()
    first, back = look(canvas(photo), photo, np.random.default_rng(3))
    again, _ = look(canvas(photo), photo, np.random.default_rng(3))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(photo, before)
    assert first.shape == (HEIGHT, WIDTH, 3) and first.dtype == np.float32
    assert 0 <= first.min() and first.max() <= 1
    assert np.abs(first - canvas(photo).shrink(photo)).max() > 1e-3
    gradient = np.random.default_rng(1).normal(size=first.shape)
    assert back(gradient.astype(np.float32)).shape == first.shape


@pytest.mark.parametrize("look", ALL, ids=lambda look: look.__name__)
def test_what_comes_back_says_how_the_look_changes_with_the_photo(look):
    """The slope along a smooth change, against the photos themselves."""
    photo = scene()
    # Too wide for JPEG, blur and noise to touch.
    y, x = np.mgrid[:128, :192]
    bump = np.exp(-((x - 100) ** 2 + (y - 60) ** 2) / 800)[..., None]
    higher = photo + np.rint(12 * bump).astype(np.uint8)
    weights = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    weights[10:20, 20:32] = 1.0

    def answer(photo):
        return look(canvas(photo), photo, np.random.default_rng(5))

    one, back = answer(photo)
    two, _ = answer(higher)
    shown = canvas(photo)
    change = shown.shrink(higher) - shown.shrink(photo)
    slope = float((weights * (two - one)).sum())
    told = float((back(weights) * change).sum())
    assert slope == pytest.approx(told, rel=0.15)


def test_what_is_clipped_gives_no_gradient():
    photo = np.full((128, 192, 3), 250, np.uint8)
    photo[:, :96] = 60
    ones = np.ones((HEIGHT, WIDTH, 3), np.float32)
    seen, back = looks.brighter(canvas(photo), photo, np.random.default_rng(0))
    gain = seen[0, 0, 0] / (60 / 255)
    np.testing.assert_allclose(back(ones)[:, :20], gain, rtol=0.02)
    np.testing.assert_array_equal(back(ones)[:, 28:], 0)
