"""Every distortion of the chain: what it does, and that it is learned from."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from stegastamp import distortions
from stegastamp.distortions import CHAIN, KNOBS, distort
from stegastamp.presets import PRESETS, SETTINGS
from tests.contracts.gradients import input_gradients
from tests.stegastamp.distortions.strong import STRONG, photos

GOLDENS = Path(__file__).parent / "goldens"


def damage(images, level, **levels):
    seed = keras.random.SeedGenerator(1)
    levels = dict.fromkeys(KNOBS, level) | levels
    return distort(ops.convert_to_tensor(images), levels, STRONG, seed)


def test_all_take_part_where_all_is_strong():
    """So that no new link of the chain goes untested below."""
    assert [link for link in CHAIN if not link.on(STRONG)] == []


def test_nothing_is_damaged_at_level_zero():
    # Smooth: JPEG and WebP still round, and halve what is in colour.
    coarse = ops.convert_to_tensor(photos(3, 4, 6))
    images = ops.image.resize(coarse, (32, 48), interpolation="bilinear")
    seen = damage(images, 0.0)
    assert float(ops.mean(ops.abs(seen - images))) < 0.02


@pytest.mark.parametrize("knob", KNOBS)
def test_every_knob_damages_and_stays_in_range(knob):
    images = photos()
    without = ops.convert_to_numpy(damage(images, 0.0))
    seen = ops.convert_to_numpy(damage(images, 0.0, **{knob: 1.0}))
    assert seen.shape == images.shape
    assert np.abs(seen - without).mean() > 1e-3
    assert seen.min() >= 0 and seen.max() <= 1


@pytest.mark.parametrize("knob", KNOBS)
def test_the_encoder_learns_through_every_knob(knob):
    def loss(images):
        return ops.mean(ops.square(damage(images, 0.0, **{knob: 1.0}) - 0.5))

    (gradient,) = input_gradients(loss, [0.3 + 0.4 * photos()])
    gradient = ops.convert_to_numpy(gradient)
    assert np.isfinite(gradient).all()
    assert (np.abs(gradient) > 0).mean() > 0.3


def test_settings_and_ramps_belong_to_the_training():
    assert set(distortions.SETTINGS) <= set(SETTINGS.table)
    ramps = {name for name in distortions.RAMPS.values() if name}
    assert ramps <= set(SETTINGS.table)


def test_what_is_new_is_off_and_was_off_before():
    for link in CHAIN:
        if not set(link.settings) & set(PRESETS["paper"]):
            assert not link.on(SETTINGS.choose("paper"))
            assert not link.on(SETTINGS.stated_since({}))


@pytest.mark.tensorflow
@pytest.mark.parametrize("preset", ["paper", "small"])
def test_a_seed_draws_what_it_always_drew(preset):
    """A run that goes on sees what it would have seen."""
    golden = np.load(GOLDENS / "distortions_seed3.npz")
    settings = SETTINGS.choose(preset, rnd_align=0.05)
    seed = keras.random.SeedGenerator(3)
    seen = distort(
        ops.convert_to_tensor(photos(2, 16, 24)),
        dict.fromkeys(KNOBS, 0.8),
        settings,
        seed,
    )
    np.testing.assert_allclose(seen, golden[preset], atol=1e-4)
    np.testing.assert_array_equal(
        ops.convert_to_numpy(seed.state), golden[f"{preset}_state"]
    )
