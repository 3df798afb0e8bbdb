"""Batches of photos depend on seed and step."""

import numpy as np

from stegastamp.data import PhotoBatches


def batches(**changes):
    random = np.random.default_rng(3)
    photos = [
        random.integers(0, 256, size, dtype=np.uint8)
        for size in ((40, 60, 3), (70, 50, 3))
    ]
    arguments = dict(
        photos=photos,
        height=32,
        width=48,
        secret_size=8,
        batch_size=2,
        steps=5,
        seed=4,
    )
    return PhotoBatches(**(arguments | changes))


def test_batches_depend_on_seed_and_step_alone():
    run, resumed = batches(), batches(first_step=5)
    run.on_epoch_end()
    for a, b in zip(run[2], resumed[2], strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(run[2][0], run[3][0])
    assert not np.array_equal(run[2][0], batches(seed=5, first_step=5)[2][0])


def test_one_batch_keeps_the_photos_and_renews_the_secrets():
    data = batches()
    data.one_batch = True
    np.testing.assert_array_equal(data[0][0], data[4][0])
    assert not np.array_equal(data[0][1], data[4][1])
    assert data[0][0].shape == (2, 32, 48, 3)
