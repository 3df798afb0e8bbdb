"""Carrying bits by single steps of single values."""

import keras
import numpy as np
import pytest
from keras import ops

from stego.phase_layers import (
    PhaseView,
    TakeSteps,
    from_slots,
    step_cost,
    to_slots,
)
from tests.contracts.gradients import check_learns, input_gradients

DEPTHS = (1, 2, 4, 8, 16)


def images(count=3, size=16, seed=0):
    """Whole levels in [-1, 1], black and white included."""
    levels = np.random.default_rng(seed).integers(
        0, 256, (count, size, size, 3)
    )
    levels[0, :4] = 0
    levels[0, 4:8] = 255
    return (levels / 127.5 - 1.0).astype("float32")


def phases(pixels, depth):
    """An oracle in numpy: slot sums modulo 4, [N, cells, cells, depth]."""
    levels = np.rint((pixels + 1) * 127.5).astype(int) - 128
    count, size = pixels.shape[:2]
    result = np.zeros((count, size // 4, size // 4, depth), int)
    for y in range(size):
        for x in range(size):
            slot = (4 * (y % 4) + x % 4) % depth
            result[:, y // 4, x // 4, slot] += levels[:, y, x].sum(-1)
    return result % 4


@pytest.mark.parametrize("depth", DEPTHS)
def test_slots_are_sorted_and_put_back(depth):
    pixels = images()
    slots = to_slots(ops.convert_to_tensor(pixels), depth)
    assert slots.shape == (3, 4, 4, depth, 48 // depth)
    np.testing.assert_array_equal(from_slots(slots), pixels)


@pytest.mark.parametrize("depth", DEPTHS)
def test_phases_are_the_sums_modulo_four(depth):
    pixels = images()
    view = ops.convert_to_numpy(PhaseView(depth)(pixels))
    wanted = phases(pixels, depth)
    np.testing.assert_allclose(
        view[..., 0], np.array([1, 1, -1, -1])[wanted], atol=1e-3
    )
    np.testing.assert_allclose(
        view[..., 1], np.array([-1, 1, 1, -1])[wanted], atol=1e-3
    )


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("gray", [False, True])
def test_steps_turn_phases_and_stay_in_range(depth, gray):
    pixels = images()
    if gray:
        pixels = np.repeat(pixels[..., :1], 3, axis=-1)
    random = np.random.default_rng(1)
    steps = random.integers(-1, 2, (3, 4, 4, depth)).astype("float32")
    preferences = random.normal(size=pixels.shape).astype("float32")
    stepped = ops.convert_to_numpy(TakeSteps()(pixels, preferences, steps))
    levels = (stepped + 1) * 127.5
    np.testing.assert_allclose(levels, np.rint(levels), atol=1e-4)
    assert levels.min() > -1e-3 and levels.max() < 255 + 1e-3
    turned = phases(stepped, depth) - phases(pixels, depth) - steps
    assert not (turned % 4).any()
    changed = np.abs(np.rint(levels - (pixels + 1) * 127.5)) > 0
    if gray:
        np.testing.assert_array_equal(changed[..., 0], changed[..., 2])
        changed = changed[..., :1]
    # One value (one pixel of a gray image) for each step, and no other.
    assert changed.sum() == np.abs(steps).sum()


def test_the_preferred_value_steps_unless_it_is_at_an_end():
    pixels = np.full((1, 16, 16, 3), 100 / 127.5 - 1, "float32")
    preferences = np.zeros_like(pixels)
    preferences[0, 2, 1, 1] = 5
    preferences[0, 0, 0, 0] = 9
    pixels[0, 0, 0, 0] = 1.0
    steps = np.zeros((1, 4, 4, 1), "float32")
    steps[0, 0, 0, 0] = 1
    change = (TakeSteps()(pixels, preferences, steps) - pixels) * 127.5
    change = np.rint(ops.convert_to_numpy(change))
    assert change[0, 2, 1, 1] == 1 and np.abs(change).sum() == 1


def test_gradients_reach_steps_and_preferences_and_pass_rounding():
    pixels = images(2)[1:]
    random = np.random.default_rng(2)
    steps = random.normal(size=(1, 4, 4, 2)).astype("float32")
    preferences = random.normal(size=pixels.shape).astype("float32")
    weights = random.normal(size=pixels.shape).astype("float32")

    def weighted(preferences, steps):
        return TakeSteps()(pixels, preferences, steps) * weights

    found = input_gradients(weighted, [preferences, steps])
    check_learns(dict(zip(("preferences", "steps"), found, strict=True)))


@pytest.mark.parametrize("depth", [0, 3, 32])
def test_depths_that_do_not_divide_a_cell_are_refused(depth):
    with pytest.raises(ValueError, match="1, 2, 4, 8 or 16"):
        PhaseView(depth)


def test_a_step_costs_most_where_all_is_flat():
    flat = np.zeros((1, 16, 16, 3), "float32")
    assert float(ops.min(step_cost(flat))) == pytest.approx(1.0)
    assert float(ops.max(step_cost(images(1, seed=3)[:, 8:]))) < 0.2


@pytest.mark.parametrize("layer", [PhaseView(2), TakeSteps()])
def test_levels_are_counted_in_float32_under_any_policy(layer):
    # 256 levels and their sums do not fit half precision.
    half = type(layer)(**{**layer.get_config(), "dtype": "mixed_float16"})
    assert half.compute_dtype == "float32"
    assert "dtype" not in layer.get_config()


def test_a_graph_of_these_layers_is_saved_and_loaded(tmp_path):
    cover = keras.Input((16, 16, 3))
    view = PhaseView(2)(cover)
    stego = TakeSteps()(cover, cover, view[..., 0])
    model = keras.Model(cover, stego)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_allclose(loaded(images()), model(images()), atol=1e-6)
