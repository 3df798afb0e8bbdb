"""The folded layer equals repeating pixels and convolving."""

import keras
import numpy as np
import pytest
from keras import ops

from dcgan.upsample_conv import UpsampleConv2D
from tests.contracts.layers import check_layer


def plain(inputs, kernel):
    grown = ops.repeat(ops.repeat(inputs, 2, axis=1), 2, axis=2)
    return ops.convert_to_numpy(ops.conv(grown, kernel, 1, "same"))


@pytest.mark.parametrize("kernel_size", [1, 3, 5, 7])
def test_equals_repetition_and_convolution(kernel_size):
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(2, 5, 7, 3)).astype("float32")
    layer = UpsampleConv2D(4, kernel_size)
    outputs = ops.convert_to_numpy(layer(inputs))
    assert outputs.shape == (2, 10, 14, 4)
    np.testing.assert_allclose(outputs, plain(inputs, layer.kernel), atol=2e-5)


def test_keeps_the_contract_of_a_layer(tmp_path):
    inputs = np.random.default_rng(1).normal(size=(2, 3, 5, 4))
    layer = check_layer(
        UpsampleConv2D,
        {"filters": 3, "kernel_size": 5},
        inputs.astype("float32"),
        tmp_path,
    )
    assert layer.count_params() == 5 * 5 * 4 * 3


def test_the_kernel_learns_as_that_of_the_plain_layers():
    rng = np.random.default_rng(2)
    inputs = rng.normal(size=(4, 4, 6, 2)).astype("float32")
    target = rng.normal(size=(4, 8, 12, 3)).astype("float32")
    first = keras.Sequential([keras.Input((4, 6, 2)), UpsampleConv2D(3)])
    second = keras.Sequential(
        [
            keras.Input((4, 6, 2)),
            keras.layers.UpSampling2D(2),
            keras.layers.Conv2D(3, 5, padding="same", use_bias=False),
        ]
    )
    second.set_weights(first.get_weights())
    for model in (first, second):
        model.compile(keras.optimizers.SGD(1.0), "mse", jit_compile=False)
        model.train_on_batch(inputs, target)
    (moved,), (expected,) = first.get_weights(), second.get_weights()
    np.testing.assert_allclose(moved, expected, atol=1e-5)


def test_an_even_kernel_is_refused():
    with pytest.raises(ValueError, match="odd"):
        UpsampleConv2D(4, 4)
