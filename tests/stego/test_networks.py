"""The networks have the published sizes, the stated shapes, and tell bits."""

import keras
import numpy as np
import pytest
from keras import ops

from stego import networks, phase_networks, residual_networks
from tests.stego.small_game import batch

ALL = (networks, residual_networks, phase_networks)


def test_counts_are_the_published_ones():
    # Totals with BatchNorm statistics; Eve's is of the Eve whose logit reads
    # her last convolution, which the released code's does not.
    assert networks.build_alice(32, 100).count_params() == 4_328_899
    assert networks.build_bob(32, 100).count_params() == 1_182_372
    assert networks.build_bob(64, 100).count_params() == 5_129_444
    for size, trainable in ((32, 1_080_001), (64, 4_316_545)):
        eve = networks.build_eve(size)
        counted = sum(int(np.prod(v.shape)) for v in eve.trainable_variables)
        assert counted == trainable


def test_the_paper_s_alice_at_64_has_the_published_count():
    # 105,800,579: nearly all of it one dense layer, so it is not built here.
    dense = (64 * 64 * 3 + 100 + 1) * (4 * 4 * 512)
    small = networks.build_alice(32, 100).count_params()
    small -= (32 * 32 * 3 + 100 + 1) * (2 * 2 * 256)
    # Convolutions' kernels grow with the square of the size, biases and
    # normalizations with the size; the last convolution has 3 outputs.
    kernels = 25 * (256 * 128 + 128 * 64 + 64 * 32)
    last = 25 * 32 * 3
    rest = small - kernels - last - 3
    assert dense + 4 * kernels + 2 * last + 2 * rest + 3 == 105_800_579


def test_every_convolution_of_eve_counts():
    eve = networks.build_eve(32)
    cover, _ = batch(2, 32, 1)
    before = ops.convert_to_numpy(eve(cover))
    for layer in eve.layers:
        if isinstance(layer, keras.layers.Conv2D):
            kept = layer.get_weights()
            layer.set_weights([np.zeros_like(w) for w in kept])
            assert np.abs(eve(cover) - before).max() > 1e-6, layer.name
            layer.set_weights(kept)


@pytest.mark.parametrize("build", ALL)
@pytest.mark.parametrize(("size", "bits"), [(32, 7), (16, 16), (32, 130)])
def test_any_size_and_message(build, size, bits):
    cover, message = batch(2, size, bits)
    stego = ops.convert_to_numpy(
        build.build_alice(size, bits)([cover, message])
    )
    assert stego.shape == cover.shape
    assert stego.min() >= -1 and stego.max() <= 1
    read = ops.convert_to_numpy(build.build_bob(size, bits)(stego))
    assert read.shape == (2, bits) and np.ptp(read) > 0
    assert build.build_eve(size)(cover).shape == (2, 1)
    other = build.build_alice(size, bits)([cover, -message])
    assert np.abs(ops.convert_to_numpy(other) - stego).max() > 0


@pytest.mark.parametrize("build", ALL)
def test_size_not_a_multiple_of_16_is_refused(build):
    for make in (
        lambda: build.build_alice(40, 100),
        lambda: build.build_bob(40, 100),
        lambda: build.build_eve(40),
    ):
        with pytest.raises(ValueError, match="multiple of 16.*40"):
            make()


@pytest.mark.parametrize("build", ALL)
def test_outputs_are_float32_under_mixed_precision(build):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        players = (
            build.build_alice(32, 8),
            build.build_bob(32, 8),
            build.build_eve(32),
        )
    finally:
        keras.config.set_dtype_policy("float32")
    for network in players:
        dtype = keras.backend.standardize_dtype(network.output.dtype)
        assert dtype == "float32"


@pytest.mark.parametrize("build", ALL)
def test_saves_and_loads_as_keras_file(build, tmp_path):
    cover, message = batch(2, 16, 5)
    for network, inputs in (
        (build.build_alice(16, 5), [cover, message]),
        (build.build_bob(16, 5), cover),
        (build.build_eve(16), cover),
    ):
        network.save(tmp_path / "network.keras")
        loaded = keras.saving.load_model(tmp_path / "network.keras")
        np.testing.assert_allclose(
            ops.convert_to_numpy(network(inputs)),
            ops.convert_to_numpy(loaded(inputs)),
            atol=1e-5,
        )
