"""Every distortion of the chain: what it does, and that it is learned from."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from stegastamp import distortions
from stegastamp.distortions import CHAIN, KNOBS, Draw, distort
from stegastamp.distortions.colour import change_colours
from stegastamp.distortions.occlusion import COVER, cut_off
from stegastamp.presets import PRESETS, SETTINGS
from tests.contracts.gradients import input_gradients

GOLDENS = Path(__file__).parent / "goldens"
# All that takes part at its strongest; a knob's level says how much of it.
STRONG = SETTINGS.choose(
    "paper",
    rnd_align=0.1,
    rnd_shift=0.1,
    rnd_crop=0.3,
    rnd_cover=0.4,
    rnd_blur=1.0,
    jpeg_quality=10.0,
    webp_quality=10.0,
)


def photos(count=3, height=32, width=48):
    random = np.random.default_rng(2)
    return random.random((count, height, width, 3)).astype("float32")


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


def test_colours_change_as_in_the_original():
    golden = np.load(GOLDENS / "stega_colour_chain.npz")
    changed = change_colours(
        golden["image"],
        golden["contrast_scale"],
        golden["rnd_brightness"],
        golden["rnd_sat"],
    )
    np.testing.assert_allclose(changed, golden["out"], atol=1e-6)


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
