"""Latents: their law, their classes, the same ones for any count."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcgan.latent_space import LatentSpace, class_codes


def draw(space, count, seed=0, **named):
    return space.draw(np.random.default_rng(seed), count, **named)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(2, 10),
    st.integers(0, 20),
    st.integers(1, 30),
    st.integers(0, 2**32 - 1),
    st.sampled_from(["normal", "uniform"]),
)
def test_the_first_are_the_same_for_any_count(classes, more, count, seed, law):
    told = LatentSpace(classes + more, law, classes)
    many, few = draw(told, 30, seed), draw(told, count, seed)
    np.testing.assert_array_equal(few, many[:count])
    assert many.dtype == np.float32
    labels = told.labels(many)
    np.testing.assert_array_equal(
        many[:, :classes], class_codes(classes)[labels]
    )
    # Asking for a class leaves the rest of each latent as it is.
    asked = draw(told, 30, seed, label=1)
    np.testing.assert_array_equal(asked[:, classes:], many[:, classes:])
    assert set(told.labels(asked)) == {1}


@pytest.mark.parametrize("law", ["normal", "uniform"])
def test_every_class_is_as_frequent(law):
    told = LatentSpace(12, law, 10)
    counts = np.bincount(told.labels(draw(told, 20_000)), minlength=10)
    assert np.abs(counts - 2000).max() < 200  # 4.7 standard deviations


def test_a_classs_numbers_are_as_large_as_the_others():
    for classes in (2, 10):
        assert np.mean(class_codes(classes) ** 2) == pytest.approx(1.0)


def test_a_class_that_is_not_there_is_refused():
    for label in (-1, 10):
        with pytest.raises(ValueError, match="`label` must be 0 to 9"):
            draw(LatentSpace(12, classes=10), 1, label=label)
    with pytest.raises(ValueError, match="`label` must be None"):
        draw(LatentSpace(12), 1, label=0)
