"""The networks have the published sizes and the stated shapes."""

import keras
import numpy as np
import pytest
from keras import ops

from stegastamp.networks import (
    CRITIC_CLIP,
    build_critic,
    build_decoder,
    build_encoder,
    critic_score,
)

# Parameters of the released code's graph; its unused tenth convolution of
# the encoder is left out here.
ENCODER_400, UNUSED = 1_749_247, 9_248
DECODER_400 = 52_505_482
CRITIC_400 = 25_105


def test_counts_are_the_published_ones():
    encoder = build_encoder(400, 400, 100)
    assert encoder.count_params() == ENCODER_400 - UNUSED
    assert build_critic(400, 400).count_params() == CRITIC_400
    decoder = build_decoder(400, 400, 100, transformer=True)
    assert decoder.count_params() == DECODER_400


@pytest.mark.parametrize(
    ("height", "width", "bits"), [(32, 48, 7), (64, 32, 100), (16, 16, 1)]
)
def test_any_size_and_secret(height, width, bits):
    random = np.random.default_rng(0)
    image = random.random((2, height, width, 3), dtype=np.float32)
    secret = random.integers(0, 2, (2, bits)).astype(np.float32)
    residual = build_encoder(height, width, bits)([image, secret])
    assert residual.shape == (2, height, width, 3)
    logits = build_decoder(height, width, bits)(image)
    assert logits.shape == (2, bits)
    score = critic_score(build_critic(height, width)(image))
    assert score.shape == (2,)
    for values in (residual, logits, score):
        assert np.isfinite(ops.convert_to_numpy(values)).all()
        assert np.ptp(ops.convert_to_numpy(values)) > 0


@pytest.mark.parametrize("zero_mean", [True, False])
def test_the_mean_colour_of_a_residual(zero_mean):
    random = np.random.default_rng(0)
    encoder = build_encoder(32, 48, 7, zero_mean)
    last = encoder.get_layer("tinted_residual" if zero_mean else "residual")
    last.bias.assign([0.3, -0.2, 0.1])
    image = random.random((2, 32, 48, 3), dtype=np.float32)
    secret = random.integers(0, 2, (2, 7)).astype(np.float32)
    residual = ops.convert_to_numpy(encoder([image, secret]))
    mean = residual.mean(axis=(1, 2))
    if zero_mean:
        np.testing.assert_allclose(mean, 0, atol=1e-6)
    else:
        assert np.abs(mean).max() > 0.05
    assert encoder.output_names == ["residual"]
    assert encoder.count_params() == build_encoder(32, 48, 7).count_params()


@pytest.mark.parametrize("build", [build_encoder, build_decoder])
def test_size_not_a_multiple_of_16_is_refused(build):
    with pytest.raises(ValueError, match="multiples of 16.*width=40"):
        build(32, 40, 100)


def test_outputs_are_float32_under_mixed_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        networks = [
            build_encoder(32, 32, 8),
            build_decoder(32, 32, 8),
            build_critic(32, 32),
        ]
    finally:
        keras.config.set_dtype_policy("float32")
    for network in networks:
        assert keras.backend.standardize_dtype(network.output.dtype) == (
            "float32"
        )


def test_critic_weights_are_clipped_by_their_constraint():
    critic = build_critic(32, 32)
    for variable in critic.trainable_variables:
        clipped = ops.convert_to_numpy(variable.constraint(variable + 1.0))
        assert np.allclose(clipped, CRITIC_CLIP)


def test_saves_and_loads_as_keras_file(tmp_path):
    random = np.random.default_rng(1)
    image = random.random((1, 32, 32, 3), dtype=np.float32)
    for network in (build_critic(32, 32), build_decoder(32, 32, 5, True)):
        network.save(tmp_path / "network.keras")
        loaded = keras.saving.load_model(tmp_path / "network.keras")
        np.testing.assert_allclose(
            ops.convert_to_numpy(network(image)),
            ops.convert_to_numpy(loaded(image)),
            atol=1e-6,
        )
