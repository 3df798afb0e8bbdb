"""LPIPS against an independent forward pass, and its converter."""

import keras
import numpy as np
import pytest
from keras import ops

from shared.errors import UserError
from shared.metrics.lpips import LPIPS, load_lpips
from tests.contracts.gradients import check_learns, compiled, input_gradients
from tests.shared.lpips_files import ALEXNET, published_weights, write_lpips


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return write_lpips(tmp_path_factory.mktemp("lpips"))


def pool(x):
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), (1, 2))
    return windows[:, ::2, ::2].max(axis=(-2, -1))


def convolve(x, kernel, bias, stride, padding):
    size = kernel.shape[-1]
    sides = (padding, padding)
    x = np.pad(x, ((0, 0), sides, sides, (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), (1, 2))[
        :, ::stride, ::stride
    ]
    out = np.tensordot(windows, kernel, axes=[[3, 4, 5], [1, 2, 3]])
    return np.maximum(out + bias, 0)


def reference(images, others, alexnet, linear):
    """The distance in float64 NumPy, from PyTorch's layout."""
    distance = 0.0
    streams = [
        (2.0 * x.astype("float64") - 1 - [-0.030, -0.088, -0.188])
        / [0.458, 0.448, 0.450]
        for x in (images, others)
    ]
    for index, (layer, shape) in enumerate(ALEXNET.items()):
        if index in (1, 2):
            streams = [pool(x) for x in streams]
        streams = [
            convolve(
                x,
                alexnet[f"features.{layer}.weight"],
                alexnet[f"features.{layer}.bias"],
                *shape[3:],
            )
            for x in streams
        ]
        a, b = (
            x / (np.sqrt((x**2).sum(-1, keepdims=True)) + 1e-10)
            for x in streams
        )
        weights = linear[f"lin{index}.model.1.weight"].reshape(-1)
        distance += (((a - b) ** 2) @ weights).mean(axis=(1, 2))
    return distance


def photos(shape=(2, 41, 50, 3)):
    rng = np.random.default_rng(1)
    images = rng.uniform(size=shape).astype("float32")
    noise = rng.normal(0, 0.2, shape)
    return images, np.clip(images + noise, 0, 1).astype("float32")


def test_equals_an_independent_forward_pass(files):
    images, others = photos()
    network = load_lpips(files / "a.weights.h5")
    expected = reference(images, others, *published_weights())
    assert (expected > 1e-3).all()
    np.testing.assert_allclose(network(images, others), expected, rtol=1e-4)
    np.testing.assert_allclose(
        compiled(network)(images, others), expected, rtol=1e-4
    )


def test_distance_properties(files):
    images, others = photos((2, 31, 37, 3))
    for network in (LPIPS(), load_lpips(files / "a.weights.h5")):
        there = ops.convert_to_numpy(network(images, others))
        assert there.shape == (2,) and (there > 0).all()
        np.testing.assert_allclose(network(others, images), there, rtol=1e-5)
        assert (ops.convert_to_numpy(network(images, images)) == 0).all()
        gradients = input_gradients(network, [images, others])
        check_learns(dict(enumerate(gradients)))
        # A black photo's features may all be zero, where a root is steep.
        black = np.zeros_like(images)
        for gradient in input_gradients(network, [images, black]):
            assert np.isfinite(gradient).all()


def test_frozen_and_float32_under_mixed_precision():
    images, others = photos((1, 31, 31, 3))
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        network = LPIPS()
        result = network(images.astype("float16"), others.astype("float16"))
    finally:
        keras.config.set_dtype_policy(previous)
    assert keras.backend.standardize_dtype(result.dtype) == "float32"
    assert network.trainable_variables == []
    assert network.count_params() == 2_470_848


def test_refuses_small_photos():
    with pytest.raises(ValueError, match="31 pixels"):
        LPIPS()(np.zeros((1, 30, 64, 3)), np.zeros((1, 30, 64, 3)))


def test_load_refuses_other_files(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        load_lpips(tmp_path / "absent.weights.h5")
    path = tmp_path / "text.weights.h5"
    path.write_text("hello")
    with pytest.raises(UserError, match="lpips_convert"):
        load_lpips(path)
    other = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    other.save_weights(tmp_path / "other.weights.h5")
    with pytest.raises(UserError, match="lpips_convert"):
        load_lpips(tmp_path / "other.weights.h5")
