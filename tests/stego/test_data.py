"""Tiles of photos depend on seed and step, and have the right size."""

import numpy as np
import pytest

from stego.data import (
    TileBatches,
    center_tile,
    flat_tile,
    random_tile,
)


def batches(**changes):
    random = np.random.default_rng(3)
    photos = [
        random.integers(0, 256, size, dtype=np.uint8)
        for size in ((40, 60, 3), (130, 120, 3), (12, 30, 3))
    ]
    arguments = dict(
        photos=photos,
        size=16,
        msg_len=8,
        batch_size=40,
        crop="random",
        steps=5,
        seed=4,
    )
    return TileBatches(**(arguments | changes))


@pytest.mark.parametrize("crop", ["random", "center"])
def test_batches_depend_on_seed_and_step_alone(crop):
    run, resumed = batches(crop=crop), batches(crop=crop, first_step=5)
    run.on_epoch_end()
    for a, b in zip(run[2], resumed[2], strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(run[2][1], run[3][1])
    assert not np.array_equal(
        run[2][0], batches(crop=crop, seed=5, first_step=5)[2][0]
    )


def test_batches_hold_whole_levels_gray_and_flat_tiles():
    covers, messages = batches()[0]
    assert covers.shape == (40, 16, 16, 3) and covers.dtype == np.float32
    assert set(np.unique(messages)) == {-0.5, 0.5}
    levels = (covers + 1) * 127.5
    np.testing.assert_allclose(levels, np.rint(levels), atol=1e-4)
    data = batches()
    tiles = np.concatenate([data[i][0] for i in range(5)])
    gray = (np.ptp(tiles, axis=-1) == 0).all(axis=(1, 2))
    flat = (np.ptp(tiles, axis=(1, 2)) == 0).all(axis=-1)
    assert 0.02 < gray.mean() < 0.3 and 0.01 < flat.mean() < 0.15


def test_center_tile_is_the_middle_at_the_tile_s_size():
    photo = np.zeros((128, 148, 3), np.uint8)
    photo[10:118, 20:128] = 200
    assert (center_tile(photo, 32) == 200).all()
    assert center_tile(photo[:20, :50], 32).shape == (32, 32, 3)


def test_random_and_flat_tiles_have_the_tile_s_size():
    random = np.random.default_rng(0)
    photo = random.integers(0, 256, (50, 40, 3), dtype=np.uint8)
    for _ in range(20):
        tile = random_tile(photo, 32, random)
        assert tile.shape == (32, 32, 3) and tile.dtype == np.uint8
    assert np.ptp(flat_tile(8, random), axis=(0, 1)).max() == 0


def test_an_unknown_crop_is_refused():
    with pytest.raises(ValueError, match="crop.*'round'"):
        batches(crop="round")
