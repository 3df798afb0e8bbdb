"""Batches: pure functions of seed and epoch, labels that follow the photo."""

import numpy as np
import pytest

from malicious_ae.batches import Augmentation, FrameBatches
from malicious_ae.data import Frames

UNLABELED = 11


def batches(frames, height=32, width=48, size=2, **kwargs):
    augmentation = Augmentation(**kwargs)
    return FrameBatches(frames, height, width, size, 7, augmentation, UNLABELED)


def told_apart(count=6, height=32, width=48):
    """Frames whose photo says its label: gray is 20 times the class."""
    random = np.random.default_rng(0)
    frames = []
    for _ in range(count):
        labels = np.repeat(
            np.repeat(random.integers(0, 11, (4, 6)), height // 4, 0),
            width // 6,
            1,
        ).astype(np.uint8)
        frames.append((np.stack([20 * labels] * 3, -1), labels))
    return frames


def test_values_and_types(camvid):
    frames = Frames("camvid", camvid, "train", 32, 48)
    images, labels = batches(frames)[0]
    assert images.shape == (2, 32, 48, 3) and images.dtype == np.float32
    assert labels.shape == (2, 32, 48) and labels.dtype == np.int32
    assert 0 <= images.min() and 0.3 < images.max() <= 1
    assert len(batches(frames)) == 2


def test_a_resumed_epoch_is_that_of_an_unbroken_run():
    options = dict(
        flip=True, scale_low=0.5, scale_high=1.5, photometric=0.3, height=16
    )
    whole = batches(told_apart(), **options)
    first = [whole[i] for i in range(3)]
    whole.on_epoch_end()
    second = [whole[i] for i in range(3)]
    resumed = batches(told_apart(), **options)
    resumed.step = 3
    for index, (images, labels) in enumerate(second):
        again_images, again_labels = resumed[index]
        np.testing.assert_array_equal(images, again_images)
        np.testing.assert_array_equal(labels, again_labels)
    assert not np.array_equal(first[0][0], second[0][0])


def test_batches_stay_those_of_runs_begun_before():
    column = np.arange(6, dtype=np.uint8)
    frames = [
        (
            np.broadcast_to(10 * i + column[:, np.newaxis], (4, 6, 3)),
            np.broadcast_to(column, (4, 6)),
        )
        for i in range(5)
    ]
    data = batches(frames, 4, 4, flip=True)
    # What the left and the right column of each frame hold.
    epochs = [
        [[[22, 25], [1, 4]], [[41, 44], [10, 13]]],
        [[[33, 30], [1, 4]], [[25, 22], [15, 12]]],
    ]
    for epoch in epochs:
        for index, batch in enumerate(epoch):
            shown = 255 * data[index][0][:, 0, [0, -1], 0]
            assert np.rint(shown).tolist() == batch
        data.on_epoch_end()


def test_an_epoch_shows_each_frame_once():
    frames = [
        (np.full((8, 8, 3), 10 * i, np.uint8), np.zeros((8, 8), np.uint8))
        for i in range(6)
    ]
    data = batches(frames, 8, 8)
    seen = [round(255 * float(x.mean())) for i in range(3) for x in data[i][0]]
    assert sorted(seen) == [0, 10, 20, 30, 40, 50]


@pytest.mark.parametrize(
    "options",
    [
        dict(flip=True),
        dict(height=16, width=24),
        dict(scale_low=2.0, scale_high=2.0, flip=True, height=24),
    ],
)
def test_labels_follow_the_photo(options):
    data = batches(told_apart(), **options)
    for index in range(len(data)):
        images, labels = data[index]
        levels = np.rint(255 * images[..., 0])
        # Between two classes a doubled photo has values of neither.
        assert np.mean(np.abs(levels - 20 * labels) < 1) > 0.7


def test_flips_happen_to_half_and_light_changes():
    plain, flipped = (batches(told_apart(), flip=f) for f in (False, True))
    turned = []
    for epoch in range(8):
        plain.step = flipped.step = 3 * epoch
        for index in range(3):
            for a, b in zip(plain[index][1], flipped[index][1], strict=True):
                turned.append(not np.array_equal(a, b))
                np.testing.assert_array_equal(
                    a, b[:, ::-1] if turned[-1] else b
                )
    assert 0.25 < np.mean(turned) < 0.75
    lit = batches(told_apart(), photometric=0.4)
    np.testing.assert_array_equal(lit[0][1], unvaried()[1])
    assert np.abs(lit[0][0] - unvaried()[0]).max() > 0.02


def test_a_color_cast_shifts_each_channel_by_one_amount():
    frames = [(np.full((8, 8, 3), 128, np.uint8), np.zeros((8, 8), np.uint8))]
    data = batches(frames * 6, 8, 8, 6, color_cast=0.1)
    images = 255 * data[0][0]
    shifts = images[:, 0, 0] - 128
    np.testing.assert_allclose(
        images, images[:, :1, :1] * np.ones((1, 8, 8, 1))
    )
    assert 5 < np.abs(shifts).max() <= 26
    assert np.abs(shifts - shifts.mean(axis=1, keepdims=True)).max() > 3


def unvaried():
    return batches(told_apart())[0]


def test_what_lies_outside_a_shrunken_frame_is_unlabeled():
    data = batches(told_apart(), scale_low=0.5, scale_high=0.5)
    images, labels = data[0]
    assert (labels[:, 16:] == UNLABELED).all()
    assert (labels[:, :, 24:] == UNLABELED).all()
    assert (labels[:, :16, :24] != UNLABELED).all()
    assert (images[:, 16:] == 0).all()


@pytest.mark.parametrize(
    "options",
    [
        dict(scale_low=0.0),
        dict(scale_low=2.0, scale_high=1.0),
        dict(photometric=1.0),
        dict(color_cast=-0.1),
    ],
)
def test_augmentation_that_makes_no_sense_is_refused(options):
    with pytest.raises(ValueError, match="Received"):
        Augmentation(**options)


@pytest.mark.parametrize("size", [0, 7])
def test_a_batch_must_fit_the_frames(size):
    with pytest.raises(ValueError, match="`batch_size` must be 1 to 6"):
        batches(told_apart(), size=size)
