"""Exact weights, shapes and ranges of every pair of networks."""

import keras
import numpy as np
import pytest
from keras import ops

from dcgan.networks import (
    FAMILIES,
    RESIZERS,
    SIZES,
    build_networks,
    large_generator,
    small_discriminator,
    small_generator,
)


def trainable(model):
    return sum(int(np.prod(v.shape)) for v in model.trainable_variables)


def test_the_reports_networks_for_mnist_have_its_weights():
    for resizer in RESIZERS:
        generator = small_generator(1, resizer)
        assert generator.count_params() == 2_330_944
        assert trainable(generator) == 2_305_472
    assert small_discriminator().count_params() == 212_865
    assert trainable(small_discriminator()) == 212_865


def test_layer_by_layer_as_in_the_reports_table():
    counts = [
        layer.count_params()
        for layer in small_generator().layers
        if layer.count_params()
    ]
    assert counts == [1_254_400, 50_176, 819_200, 512, 204_800, 256, 1_600]
    counts = [
        layer.count_params()
        for layer in small_discriminator().layers
        if layer.count_params()
    ]
    assert counts == [1_664, 204_928, 6_273]
    slopes = {
        layer.negative_slope
        for layer in (*small_generator().layers, *small_discriminator().layers)
        if isinstance(layer, keras.layers.LeakyReLU)
    }
    assert {round(slope, 4) for slope in slopes} == {0.3}


def test_the_reports_networks_for_64_pixels_have_its_weights():
    generator, discriminator = build_networks("report", 64, 3, "transposed", 0)
    assert generator.count_params() == 3_578_624
    assert trainable(generator) == 3_576_704
    assert discriminator.count_params() == 2_767_360
    assert trainable(discriminator) == 2_765_568
    assert large_generator(3, "upsampling").output_shape == (None, 64, 64, 3)


def test_the_keras_io_networks_have_its_examples_weights():
    generator, discriminator = build_networks(
        "keras_io", 28, 1, "transposed", 0
    )
    assert generator.count_params() == 1_339_905
    assert discriminator.count_params() == 74_625
    generator, discriminator = build_networks(
        "keras_io", 64, 3, "transposed", 0
    )
    assert generator.count_params() == 3_979_651
    assert discriminator.count_params() == 404_801


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("size", [28, 32, 64, 128])
def test_images_are_in_range_and_judged_by_a_logit_each(family, size):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        generator, discriminator = build_networks(
            family, size, 1, "transposed", 0.3
        )
    finally:
        keras.config.set_dtype_policy("float32")
    latents = np.random.default_rng(0).normal(
        size=(2, generator.input_shape[1])
    )
    images = generator(latents.astype("float32"), training=False)
    assert tuple(images.shape) == (2, size, size, 1)
    values = ops.convert_to_numpy(images)
    assert np.abs(values).max() <= 1.0 and values.std() > 1e-4
    logits = discriminator(images, training=False)
    assert tuple(logits.shape) == (2, 1)
    for tensor in (images, logits):
        assert keras.backend.standardize_dtype(tensor.dtype) == "float32"


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("resizer", RESIZERS)
def test_every_size_is_drawn_and_judged(family, resizer):
    for size in SIZES:
        generator, discriminator = build_networks(family, size, 3, resizer, 0.3)
        assert generator.output_shape == (None, size, size, 3)
        assert discriminator.input_shape == (None, size, size, 3)
        assert discriminator.output_shape == (None, 1)


@pytest.mark.parametrize(
    "arguments",
    [
        ("paper", 28, 1, "upsampling"),
        ("report", 50, 1, "upsampling"),
        ("report", 28, 2, "upsampling"),
        ("report", 28, 1, "bicubic"),
    ],
)
def test_an_unknown_choice_is_refused(arguments):
    with pytest.raises(ValueError, match="must be one of"):
        build_networks(*arguments, 0.3)
