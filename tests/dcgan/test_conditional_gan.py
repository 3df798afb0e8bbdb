"""The conditional GAN: its losses, and that a generator draws what is asked."""

import keras
import numpy as np
import pytest
from keras import ops

from dcgan.batches import ImageBatches
from dcgan.conditional_gan import ConditionalGan
from dcgan.latent_space import LatentSpace, class_codes
from dcgan.networks import (
    LATENT_SIZES,
    build_networks,
    latent_size,
    small_discriminator,
)
from shared.gan import GanRules, binary_loss, generator_loss
from tests.contracts.games import check_game

CLASSES, SIZE = 3, 8


def make_game(rate=0.0):
    keras.utils.set_random_seed(3)
    generator = keras.Sequential(
        [
            keras.Input((SIZE,)),
            keras.layers.Dense(16, "tanh"),
            keras.layers.Reshape((4, 4, 1)),
        ]
    )
    discriminator = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(16, "leaky_relu"),
            keras.layers.Dense(CLASSES),
        ]
    )
    optimizers = [keras.optimizers.Adam(rate, beta_1=0.5) for _ in range(2)]
    game = ConditionalGan(
        generator, discriminator, *optimizers, GanRules(), seed=1
    )
    game.compile()
    return game


def class_images(count):
    """Images whose class is the place of a bright row."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, CLASSES, count).astype("uint8")
    pixels = rng.integers(0, 60, (count, 4, 4, 1), np.uint8)
    pixels[np.arange(count), labels] = 250
    return pixels, labels


def test_the_class_stands_in_the_latent_and_the_rest_stays():
    game = make_game()
    labels = np.array([2, 0, 1], "int32")
    latents = game.sample_latents(3)
    told = ops.convert_to_numpy(game.encode(latents, labels))
    np.testing.assert_allclose(told[:, :CLASSES], class_codes(CLASSES)[labels])
    np.testing.assert_array_equal(told[:, CLASSES:], latents[:, CLASSES:])
    # What draws afterwards tells classes in the same way.
    np.testing.assert_array_equal(
        LatentSpace(SIZE, classes=CLASSES).labels(told), labels
    )


def test_each_image_is_judged_by_its_classs_logit():
    game = make_game()
    pixels, labels = class_images(6)
    images = pixels / np.float32(127.5) - 1
    latents = np.float32(np.random.default_rng(4).normal(size=(6, SIZE)))
    game.sample_latents = lambda count: ops.convert_to_tensor(latents)
    losses, logs = game.play((images, labels), training=True)
    told = game.encode(latents, labels.astype("int32"))
    rows = np.arange(6)
    real, fake = (
        ops.convert_to_numpy(game.discriminator(shown))[rows, labels]
        for shown in (images, game.generator(told))
    )
    expected = {
        "discriminator": 0.5
        * (ops.mean(binary_loss(real, 1.0)) + ops.mean(binary_loss(fake, 0.0))),
        "generator": ops.mean(generator_loss(fake)),
    }
    for name, loss in expected.items():
        assert float(losses[name]) == pytest.approx(float(loss), rel=1e-5)
    assert float(logs["real_accuracy"]) == pytest.approx(np.mean(real > 0))


def test_a_generator_learns_to_draw_the_class_it_is_told(tmp_path):
    pixels, labels = class_images(60)
    batches = ImageBatches(pixels, 20, 30, 0, labels=labels)
    game = check_game(lambda: make_game(rate=0.01), batches[0], tmp_path)
    history = game.fit(batches, epochs=10, verbose=0).history
    assert np.isfinite(history["generator_loss"]).all()
    space = LatentSpace(SIZE, classes=CLASSES)
    for label in range(CLASSES):
        latents = space.draw(np.random.default_rng(label), 20, label)
        images = ops.convert_to_numpy(game.generator(latents))
        brightest = images.mean(axis=(2, 3))[:, :CLASSES].argmax(axis=1)
        assert np.mean(brightest == label) > 0.9


def test_only_the_last_layer_of_the_discriminator_is_wider():
    plain, wide = small_discriminator(), small_discriminator(outputs=10)
    assert wide.output_shape == (None, 10)
    assert wide.count_params() - plain.count_params() == 9 * 6_273
    _, critic = build_networks("keras_io", 28, 1, "upsampling", 0.0, 10)
    assert critic.output_shape == (None, 10)
    for family in ("report", "keras_io"):
        generator, wide = build_networks(family, 64, 3, "upsampling", 0.0, 3)
        assert wide.output_shape == (None, 3)
        assert generator.input_shape == (None, LATENT_SIZES[family])


@pytest.mark.parametrize("family", ["report", "keras_io"])
@pytest.mark.parametrize("size", [28, 64])
def test_many_classes_leave_a_latent_its_noise(family, size):
    classes = 90
    channels = 1 if size == 28 else 3
    networks = build_networks(
        family, size, channels, "upsampling", 0.0, classes
    )
    assert networks[0].input_shape == (None, LATENT_SIZES[family] + classes)
    assert networks[1].output_shape == (None, classes)
    assert (
        latent_size(family) == latent_size(family, 50) == LATENT_SIZES[family]
    )
