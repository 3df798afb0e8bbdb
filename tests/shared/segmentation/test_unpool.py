"""MaxPositions and MaxUnpool against numpy, and the layers' contract."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from shared.segmentation.unpool import MaxPositions, MaxUnpool
from tests.contracts.gradients import input_gradients
from tests.contracts.layers import check_layer


def drawn(shape, levels=1000):
    """Values with many ties if there are few levels."""
    random = np.random.default_rng(int(np.prod(shape)))
    return (random.integers(0, levels, shape) / levels).astype("float32")


def oracle(images):
    """Positions and unpooled maxima, by loops."""
    count, height, width, channels = images.shape
    positions = np.zeros((count, height // 2, width // 2, channels))
    unpooled = np.zeros_like(images)
    for n, y, x, c in np.ndindex(positions.shape):
        window = images[n, 2 * y : 2 * y + 2, 2 * x : 2 * x + 2, c]
        place = int(window.ravel().argmax())
        positions[n, y, x, c] = place
        unpooled[n, 2 * y + place // 2, 2 * x + place % 2, c] = window.max()
    return positions, unpooled


@settings(max_examples=25, deadline=None)
@given(
    st.tuples(*(st.integers(1, 3) for _ in range(4))),
    st.sampled_from([2, 3, 1000]),
)
def test_each_maximum_returns_to_its_first_place(size, levels):
    count, rows, columns, channels = size
    images = drawn((count, 2 * rows, 2 * columns, channels), levels)
    wanted_positions, wanted = oracle(images)
    positions = MaxPositions()(images)
    np.testing.assert_array_equal(positions, wanted_positions)
    pooled = ops.max_pool(images, 2, 2)
    np.testing.assert_array_equal(MaxUnpool()([pooled, positions]), wanted)


class Unpooled(keras.layers.Layer):
    """Pools and unpools: both layers as one of a single input."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.positions = MaxPositions(dtype=self.dtype_policy)
        self.unpool = MaxUnpool(dtype=self.dtype_policy)

    def build(self, input_shape):
        self.positions.build(input_shape)
        half = self.positions.compute_output_shape(input_shape)
        self.unpool.build([half, half])

    def call(self, inputs):
        pooled = ops.max_pool(inputs, 2, 2)
        return self.unpool([pooled, self.positions(inputs)])

    def compute_output_shape(self, input_shape):
        return input_shape


keras.saving.register_keras_serializable("tests")(Unpooled)


def test_the_pair_keeps_the_contract(tmp_path):
    check_layer(Unpooled, {}, drawn((2, 6, 4, 3)), tmp_path)


def test_gradients_reach_the_values_only():
    values, positions = drawn((1, 2, 3, 2)), np.ones((1, 2, 3, 2), "float32")
    unpool = MaxUnpool()
    gradient, _ = input_gradients(
        lambda v, p: unpool([v, p]), [values, positions]
    )
    np.testing.assert_array_equal(gradient, np.ones_like(values))
    (gradient,) = input_gradients(MaxPositions(), [drawn((1, 4, 4, 1))])
    np.testing.assert_array_equal(gradient, 0)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="even height"):
        MaxPositions()(np.zeros((1, 3, 4, 1), "float32"))
    with pytest.raises(ValueError, match="one shape"):
        MaxUnpool()([np.zeros((1, 2, 2, 1), "f"), np.zeros((1, 2, 2, 3), "f")])
