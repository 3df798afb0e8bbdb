"""The least strength at which a message has errors to spare."""

import numpy as np
import pytest

from stegastamp.read_back import (
    FACTORS,
    PIXELS,
    SPARE,
    ReadBack,
    copy_of,
    least_factor,
    other_strength,
)

SECRET = np.arange(20) % 2
RESIDUAL = np.full((16, 16, 3), 0.04, np.float32)


def _reader(needed, copy, asked):
    """A decoder that reads every bit where enough was added, else none."""

    def read(photos):
        added = [photo.mean() - copy.mean() for photo in photos]
        asked.append(len(photos))
        wrong = [value < 255 * 0.04 * needed - 0.5 for value in added]
        signs = np.where(SECRET, 1.0, -1.0)
        return np.array([-signs if bad else signs for bad in wrong])

    return read


@pytest.mark.parametrize(("needed", "expected"), [(0.1, 0.5), (1.0, 1.0)])
def test_the_least_factor_that_does_is_taken(needed, expected):
    copy, asked = np.full((48, 64, 3), 90, np.uint8), []
    found = least_factor(_reader(needed, copy, asked), copy, RESIDUAL, SECRET)
    assert found.factor == expected and found.losses == []
    # As stamped, brighter and as JPEG; no factor beyond the one that did.
    assert asked == [3] * (FACTORS.index(expected) + 1)


def test_where_none_does_the_one_with_the_fewest_errors_is_taken():
    copy = np.full((48, 64, 3), 90, np.uint8)
    tried = iter(FACTORS)

    def read(photos):
        wrong = 8 if next(tried) == 1.3 else 12
        signs = np.where(SECRET, 1.0, -1.0)
        signs[:wrong] *= -1
        return np.stack([signs] * len(photos))

    assert (SPARE < 8).all()
    found = least_factor(read, copy, RESIDUAL, SECRET)
    assert (found.factor, found.wrong) == (1.3, (8, 8, 8))
    assert len(found.losses) == 3


def test_light_chooses_only_among_what_is_read_without_it():
    copy = np.full((48, 64, 3), 90, np.uint8)
    answers = {1.0: (6, 9, 6), 1.3: (1, 15, 3), 1.5: (2, 12, 3), 2.0: (9, 5, 9)}
    tried = iter(FACTORS)

    def read(photos):
        signs = np.where(SECRET, 1.0, -1.0)
        words = np.stack([signs] * 3)
        for word, wrong in zip(
            words, answers.get(next(tried), (20,) * 3), strict=True
        ):
            word[:wrong] *= -1
        return words

    found = least_factor(read, copy, RESIDUAL, SECRET)
    assert (found.factor, found.wrong) == (1.5, (2, 12, 3))
    assert found.losses == ["brightness x1.5"]


def test_what_is_said_of_another_strength_was_tried_at_it():
    copy, asked = np.full((48, 64, 3), 90, np.uint8), []
    reader = _reader(1.0, copy, asked)
    found = least_factor(reader, copy, RESIDUAL, SECRET, strength=0.5)
    assert found.factor == 0.5 and len(asked) == FACTORS.index(1.0) + 2
    # Brightness helps this reader, which looks at nothing but the mean.
    assert found.wrong == (20, 0, 20)


def test_the_losses_are_what_has_more_wrong_bits_than_to_spare():
    assert ReadBack(1.0, tuple(SPARE)).losses == []
    assert ReadBack(1.0, (2, 5, 3)).losses == ["brightness x1.5"]
    assert ReadBack(1.0, (3, 4, 4)).losses == ["any change", "JPEG 25"]


def test_another_strength_is_one_that_reads():
    assert other_strength(lambda strength: strength == 2, 1.0) == 2
    # What is stronger need not be read better.
    assert other_strength(lambda strength: strength in (1.5, 3), 3) == 1.5
    assert other_strength(lambda strength: strength == 3, 3) is None


@pytest.mark.parametrize(
    ("dtype", "scale"), [(np.uint8, 255.0), (np.uint16, 65535.0), ("f4", 1.0)]
)
def test_a_copy_is_small_and_has_eight_bits(dtype, scale):
    photo = np.full((3000, 1000, 1), 0.4 * scale).astype(dtype)
    copy = copy_of(photo, scale)
    height, width, channels = copy.shape
    assert copy.dtype == np.uint8 and channels == 3
    assert height * width == pytest.approx(PIXELS, rel=0.01)
    assert height / width == pytest.approx(3, rel=0.01)
    assert (copy == 102).all()


def test_a_small_photo_is_tried_as_it_is(photo):
    np.testing.assert_array_equal(copy_of(photo, 255.0), photo)
