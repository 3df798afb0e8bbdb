"""Batches: range, every image once a pass, the same order after a resume."""

import numpy as np
import pytest

from dcgan.batches import ImageBatches

PIXELS = np.arange(7, dtype=np.uint8).reshape(7, 1, 1, 1)


def numbers(batches):
    return [
        np.rint((batches[i][0] + 1) * 127.5).astype(int).ravel().tolist()
        for i in range(len(batches))
    ]


def test_a_pass_shows_an_image_at_most_once_and_passes_differ():
    batches = ImageBatches(PIXELS, 3, steps=8, seed=1)
    shown = numbers(batches)
    passes = [shown[i] + shown[i + 1] for i in range(0, 8, 2)]
    assert all(len(set(p)) == 6 for p in passes)
    assert len({tuple(p) for p in passes}) == 4
    assert set(sum(passes, [])) == set(range(7))


def test_the_order_does_not_depend_on_where_a_run_was_resumed():
    whole = numbers(ImageBatches(PIXELS, 2, steps=12, seed=5))
    parts = []
    for first in (0, 4, 8):
        parts += numbers(ImageBatches(PIXELS, 2, 4, 5, first))
    assert parts == whole
    going = ImageBatches(PIXELS, 2, steps=4, seed=5)
    going.on_epoch_end()
    assert numbers(going) == whole[4:8]
    assert numbers(ImageBatches(PIXELS, 2, 12, seed=6)) != whole


def test_labels_stay_with_their_images_and_the_range_is_full():
    pixels = np.array([0, 255], np.uint8).reshape(2, 1, 1, 1)
    images, labels = ImageBatches(pixels, 2, 1, 0, labels=np.array([4, 9]))[0]
    assert {
        (float(i.item()), int(label))
        for i, label in zip(images, labels, strict=True)
    } == {(-1.0, 4), (1.0, 9)}


def test_too_few_images_are_refused():
    with pytest.raises(ValueError, match="fewer than a batch"):
        ImageBatches(PIXELS, 8, 1, 0)
