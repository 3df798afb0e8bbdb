"""The join of gradients is the original's, example by example."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from agns.join import join, split_for_two
from tests.contracts.gradients import input_gradients

GOLDENS = Path(__file__).parent / "goldens" / "join_gradients.npz"


@pytest.fixture(scope="module")
def golden():
    with np.load(GOLDENS) as arrays:
        return dict(arrays)


@pytest.mark.parametrize("index", range(5))
@pytest.mark.parametrize(
    ("kappa", "name"),
    [(0, "k0"), (0.25, "k0p25"), (0.5, "k0p5"), (0.9, "k0p9"), (1, "k1")],
)
def test_equals_the_port_on_whole_tensors(golden, index, kappa, name):
    joined = join(golden[f"a{index}"][None], golden[f"b{index}"][None], kappa)
    np.testing.assert_allclose(
        joined[0], golden[f"joined_{name}_{index}"], rtol=1e-5, atol=1e-6
    )


def test_zero_gradients_join_to_zero(golden):
    nothing = np.zeros((2, 4), "float32")
    some = np.ones((2, 4), "float32")
    np.testing.assert_array_equal(
        join(nothing, some, 0.5)[:1], golden["joined_zero_a_k0p5"][None]
    )
    # The port divides 0 by 0 here.
    assert np.isnan(golden["joined_both_zero_k0p5"]).all()
    np.testing.assert_array_equal(join(nothing, nothing, 0.5), nothing)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.floats(0, 1))
def test_neither_drowns_the_other(seed, kappa):
    random = np.random.default_rng(seed)
    first = random.normal(size=(3, 4, 5)).astype("float32")
    second = random.normal(size=(3, 4, 5)).astype("float32") * 100
    joined = ops.convert_to_numpy(join(first, second, kappa))
    for a, b, found in zip(first, second, joined, strict=True):
        norm = np.linalg.norm
        b = b * (norm(a) / norm(b))
        np.testing.assert_allclose(
            found, kappa * a + (1 - kappa) * b, rtol=2e-4, atol=1e-5
        )


def test_what_comes_back_is_joined():
    random = np.random.default_rng(1)
    images, first, second = random.normal(size=(3, 2, 3, 4)).astype("float32")

    def both(x):
        left, right = split_for_two(x, 0.25)
        return ops.sum(left * first) + 50 * ops.sum(right * second)

    (gradient,) = input_gradients(both, [images])
    np.testing.assert_allclose(
        gradient, join(first, 50 * second, 0.25), rtol=1e-4, atol=1e-6
    )
    copies = split_for_two(images, 0.25)
    for copy in copies:
        np.testing.assert_array_equal(copy, images)
