"""The GAN with classes: its logits, its loss, and that both players learn."""

import keras
import numpy as np
import pytest
from keras import ops

from dcgan.batches import ImageBatches
from dcgan.class_gan import ClassGan, class_loss, realness
from dcgan.networks import build_networks, discriminator_28
from shared.gan import GanRules, binary_loss, generator_loss
from tests.contracts import input_gradients

CLASSES = 3


def make_game(rate=0.0, **rules):
    keras.utils.set_random_seed(3)
    generator = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(16, "tanh"),
            keras.layers.Reshape((4, 4, 1)),
        ]
    )
    discriminator = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(CLASSES),
        ]
    )
    optimizers = [keras.optimizers.Adam(rate) for _ in range(2)]
    game = ClassGan(
        generator, discriminator, *optimizers, GanRules(**rules), seed=1
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


def test_an_image_is_as_real_as_its_classes_together():
    logits = np.random.default_rng(0).normal(scale=4, size=(50, 10))
    total = np.exp(logits).sum(-1)
    real = ops.sigmoid(realness(logits.astype("float32")))
    assert real.shape == (50, 1)
    np.testing.assert_allclose(
        ops.convert_to_numpy(real)[:, 0], total / (total + 1), rtol=1e-5
    )
    # One class is a plain GAN's only logit.
    np.testing.assert_allclose(
        ops.convert_to_numpy(realness(logits[:, :1].astype("float32"))),
        logits[:, :1],
        rtol=1e-5,
        atol=1e-6,
    )


def test_class_loss_is_the_cross_entropy_and_never_overflows():
    rng = np.random.default_rng(1)
    logits = rng.normal(scale=3, size=(20, CLASSES))
    labels = rng.integers(0, CLASSES, 20)
    shares = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    np.testing.assert_allclose(
        ops.convert_to_numpy(class_loss(logits.astype("float32"), labels)),
        -np.log(shares[np.arange(20), labels]),
        rtol=1e-5,
    )
    extreme = np.float32([[1e4, -1e4, 0.0]])
    for label, expected in ((0, 0.0), (1, 2e4)):
        loss = class_loss(extreme, np.array([label]))
        np.testing.assert_allclose(ops.convert_to_numpy(loss), [expected])
        (gradient,) = input_gradients(
            lambda x, label=label: class_loss(x, np.array([label])), [extreme]
        )
        assert np.isfinite(gradient).all()


def test_the_losses_are_the_plain_games_and_the_classes():
    game = make_game(separate_batches=False)
    pixels, labels = class_images(6)
    images = pixels / np.float32(127.5) - 1
    latents = np.float32(np.random.default_rng(4).normal(size=(6, 2)))
    game.sample_latents = lambda count: ops.convert_to_tensor(latents)
    losses, logs = game.play((images, labels), training=True)
    real = game.discriminator(images)
    fake = realness(game.discriminator(game.generator(latents)))
    plain = 0.5 * (
        ops.mean(binary_loss(realness(real), 1.0))
        + ops.mean(binary_loss(fake, 0.0))
    )
    expected = {
        "discriminator": plain + ops.mean(class_loss(real, labels)),
        "generator": ops.mean(generator_loss(fake)),
    }
    for name, loss in expected.items():
        assert float(losses[name]) == pytest.approx(float(loss), rel=1e-5)
    right = np.argmax(ops.convert_to_numpy(real), -1) == labels
    assert float(logs["class_accuracy"]) == pytest.approx(right.mean())


def test_the_discriminator_learns_the_classes():
    game = make_game(rate=0.004)
    pixels, labels = class_images(60)
    batches = ImageBatches(pixels, 20, 15, 0, labels=labels)
    history = game.fit(batches, epochs=10, verbose=0).history
    assert history["class_accuracy"][0] < 0.9
    assert history["class_accuracy"][-1] > 0.97
    assert np.isfinite(history["generator_loss"]).all()


def test_only_the_last_layer_of_the_discriminator_is_wider():
    plain, wide = discriminator_28(), discriminator_28(outputs=10)
    assert wide.output_shape == (None, 10)
    assert wide.count_params() - plain.count_params() == 9 * 6_273
    _, critic = build_networks("keras_io", 28, 1, "upsampling", 0.0, 10)
    assert critic.output_shape == (None, 10)
    with pytest.raises(ValueError, match="`outputs` must be 1"):
        build_networks("report", 64, 3, "upsampling", 0.0, 10)
