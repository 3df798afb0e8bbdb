"""Attackers: the original's numbers, bounds that hold, the layers' contract."""

from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from malicious_ae.losses import reference_loss
from malicious_ae.networks import (
    BOUNDS,
    KINDS,
    LinfBound,
    Perturbation,
    PsnrBound,
    build_attacker,
)
from shared.segmentation.losses import batch_cross_entropy
from tests.contracts.layers import check_layer

GOLDEN = np.load(Path(__file__).parent / "goldens" / "mal_autoencoder.npz")
rng = np.random.default_rng(5)


def images(count=2, height=16, width=24):
    return rng.uniform(size=(count, height, width, 3)).astype("float32")


def golden_attacker():
    attacker = build_attacker("reference", 36, 48)
    attacker.get_layer("encode").set_weights(
        [GOLDEN["encode_kernel_hwio"], GOLDEN["encode_b"]]
    )
    attacker.get_layer("decode").set_weights(
        [GOLDEN["decode_kernel_keras_hwoi"]]
    )
    return attacker


def test_the_reference_has_440_weights_and_the_original_outputs():
    attacker = golden_attacker()
    assert attacker.count_params() == 440
    parts = keras.Model(
        attacker.input,
        [
            attacker.get_layer(name).output
            for name in ("encode", "unclipped", "attacked")
        ],
    )
    code, unclipped, attacked = parts(GOLDEN["x_nhwc"])
    np.testing.assert_allclose(code, GOLDEN["code_nhwc"], atol=1e-5)
    np.testing.assert_allclose(unclipped, GOLDEN["out_preclip_nhwc"], atol=1e-5)
    np.testing.assert_allclose(attacked, GOLDEN["out_nhwc"], atol=1e-5)


def test_the_reference_loss_and_its_gradients():
    attacker = golden_attacker()
    kernel, bias = GOLDEN["victim_kernel_hwio"], GOLDEN["victim_b"]
    variables = attacker.trainable_variables

    def loss(values):
        attacked, _ = attacker.stateless_call(values, [], GOLDEN["x_nhwc"])
        logits = ops.conv(attacked, kernel) + bias
        entropy = batch_cross_entropy(
            logits, GOLDEN["labels"], np.ones(5, "float32")
        )
        return reference_loss(GOLDEN["x_nhwc"], attacked, entropy), entropy

    values = [ops.convert_to_tensor(v.value) for v in variables]
    total, entropy = loss(values)
    np.testing.assert_allclose(entropy, GOLDEN["victim_ce"], rtol=1e-5)
    np.testing.assert_allclose(
        total, GOLDEN["attacker_loss_0p1dist_minus_100ce"], rtol=1e-5
    )
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(values)
            total = loss(values)[0]
        gradients = tape.gradient(total, values)
    else:
        import jax

        gradients = jax.grad(lambda v: loss(v)[0])(values)
    for gradient, name in zip(
        gradients,
        ("encode_kernel_hwio", "encode_b", "decode_kernel_keras_hwoi"),
        strict=True,
    ):
        np.testing.assert_allclose(
            gradient, GOLDEN[f"grad_{name}"], rtol=1e-3, atol=1e-3
        )


@pytest.mark.parametrize(
    ("layer", "config"),
    [
        (LinfBound, {"epsilon": 0.1}),
        (PsnrBound, {"min_psnr": 25.0}),
        (Perturbation, {"deviation": 0.5}),
    ],
)
def test_the_contract_of_the_layers(layer, config, tmp_path):
    if layer is Perturbation:
        # Its output is the same whatever the input: no gradient to check.
        built = layer(**config)
        values = built(images())
        np.testing.assert_array_equal(values[0], values[1])
        copy = layer.from_config(built.get_config())
        assert copy.get_config() == built.get_config()
        assert built.compute_output_shape((2, 16, 24, 3)) == values.shape
        return
    check_layer(layer, config, images() - 0.5, tmp_path)


@settings(max_examples=25, deadline=None)
@given(
    st.floats(10, 50),
    st.floats(1e-4, 3),
    st.integers(0, 2**32 - 1),
)
def test_no_saved_image_falls_below_the_psnr(min_psnr, size, seed):
    random = np.random.default_rng(seed)
    photos = random.integers(0, 256, (2, 16, 16, 3)).astype("float32") / 255
    residual = random.normal(0, size, photos.shape).astype("float32")
    bounded = ops.convert_to_numpy(PsnrBound(min_psnr)(residual))
    changed = np.rint(255 * np.clip(photos + bounded, 0, 1)) / 255
    error = np.mean((changed - photos) ** 2, (1, 2, 3))
    assert (-10 * np.log10(error + 1e-12) >= min_psnr - 0.15).all()
    power = np.mean(residual**2, (1, 2, 3))
    within = power < 0.99 * PsnrBound(min_psnr).radius ** 2
    np.testing.assert_allclose(bounded[within], residual[within], rtol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bound", BOUNDS)
def test_every_attacker_stays_in_range_and_bound(kind, bound):
    keras.utils.set_random_seed(0)
    attacker = build_attacker(kind, 16, 24, bound, 0.03, 30.0)
    for variable in attacker.trainable_variables:
        variable.assign(3 * variable)
    photo = images()
    attacked = ops.convert_to_numpy(attacker(photo))
    assert attacked.shape == photo.shape and attacked.dtype == np.float32
    assert attacked.min() >= 0 and attacked.max() <= 1
    change = attacked - photo
    assert np.abs(change).max() > 1e-4
    if bound == "linf":
        assert np.abs(change).max() <= 0.03 + 1e-6
    if bound == "psnr":
        assert np.mean(change**2, (1, 2, 3)).max() <= 1e-3
    if kind == "universal" and bound != "none":
        inside = (attacked > 0) & (attacked < 1)
        both = inside[0] & inside[1]
        np.testing.assert_allclose(change[0][both], change[1][both], atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("best", 16, 16), "`kind`"),
        (("reference", 16, 16, "l1"), "`bound`"),
        (("reference", 35, 47), "multiples of 4"),
        (("universal", 16, 16, "linf", 0.0), "`epsilon`"),
        (("universal", 16, 16, "psnr", 0.1, 70.0), "`min_psnr`"),
    ],
)
def test_bad_arguments_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        build_attacker(*arguments)
