"""16-bit storage: half of the size, and the same numbers from every file."""

import keras
import numpy as np
import pytest

from shared.export.half import round_weights, save_weights


def network():
    keras.utils.set_random_seed(9)
    return keras.Sequential(
        [
            keras.Input((400,)),
            keras.layers.Dense(200),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(5, name="logits"),
        ]
    )


def test_every_rounded_number_is_kept(tmp_path):
    rounded = network()
    before = [v.numpy().copy() for v in rounded.variables]
    round_weights(rounded)
    path = tmp_path / "half.weights.h5"
    save_weights(rounded, path)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    other = network()
    other.load_weights(path)
    for old, one, two in zip(
        before, rounded.variables, other.variables, strict=True
    ):
        np.testing.assert_array_equal(one.numpy(), two.numpy())
        np.testing.assert_allclose(old, one.numpy(), rtol=2**-11, atol=1e-7)
    whole = tmp_path / "whole.weights.h5"
    rounded.save_weights(whole)
    assert path.stat().st_size < 0.7 * whole.stat().st_size


def test_too_large_a_weight_is_named():
    large = network()
    kernel = large.get_layer("logits").kernel
    kernel.assign(np.full(kernel.shape, 1e6, "float32"))
    round_weights(large)  # too few to be stored in 16 bits
    kernel = large.layers[0].kernel
    kernel.assign(np.full(kernel.shape, 1e6, "float32"))
    with pytest.raises(ValueError, match="does not fit float16"):
        round_weights(large)
