"""Generators and discriminators.

The report's, for 28 pixels (and 32, by the same rule) and 64, and those of the
keras.io examples which they are compared with. All are functional graphs. A
generator maps `latent` [N, Z] to `image` [N, H, W, C] in [-1, 1]; a
discriminator maps `image` to `logit` [N, 1], whose sigmoid is the probability
of a real image, or to such a logit of each class (`dcgan.conditional_gan`).
Both ends are float32 under mixed precision.
"""

import keras
from keras import layers

from dcgan.upsample_conv import UpsampleConv2D

RESIZERS = ("upsampling", "transposed")
FAMILIES = ("report", "keras_io")
# Two doublings lead to 28 and 32, four to 64.
SIZES = (28, 32, 64)
LATENT_SIZES = {"report": 100, "keras_io": 128}


def build_networks(
    family: str,
    size: int,
    channels: int,
    resizer: str,
    dropout: float,
    classes: int = 0,
):
    """Builds a generator and its discriminator.

    Args:
        family: `report` or `keras_io`.
        size: Side of an image in pixels, one of `SIZES`.
        channels: 1 or 3.
        resizer: How the report's generator doubles sizes: `upsampling` or
            `transposed` convolution.
        dropout: Rate in the report's discriminator of 28 or 32 pixels.
        classes: Classes that both players are told: the discriminator has a
            logit of each; 0 for none.

    Returns:
        Two models, `generator` and `discriminator`.

    Raises:
        ValueError: If an argument is none of the named.
    """
    for name, value, choices in (
        ("family", family, FAMILIES),
        ("size", size, SIZES),
        ("channels", channels, (1, 3)),
        ("resizer", resizer, RESIZERS),
    ):
        if value not in choices:
            raise ValueError(
                f"`{name}` must be one of {', '.join(map(str, choices))}. "
                f"Received: {value!r}"
            )
    outputs, latent = max(classes, 1), latent_size(family, classes)
    if family == "keras_io":
        if size < 64:
            return (
                keras_io_generator_28(channels, latent, size),
                keras_io_critic_28(channels, outputs, size),
            )
        return (
            keras_io_generator_64(channels, latent),
            keras_io_critic_64(channels, outputs),
        )
    if size < 64:
        return (
            generator_28(channels, resizer, latent, size),
            discriminator_28(channels, dropout, outputs, size),
        )
    return (
        generator_64(channels, resizer, latent),
        discriminator_64(channels, outputs),
    )


def latent_size(family: str, classes: int = 0) -> int:
    """Numbers of a latent: the published ones, or more for many classes.

    Classes take a number each; they get numbers of their own where half of
    the published ones would not do.

    Args:
        family: One of `LATENT_SIZES`.
        classes: Classes that the generator is told.
    """
    size = LATENT_SIZES[family]
    return size if 2 * classes <= size else size + classes


def _model(inputs, outputs, activation, output_name, name):
    outputs = layers.Activation(activation, dtype="float32", name=output_name)(
        outputs
    )
    return keras.Model(inputs, outputs, name=name)


def _latent(size):
    return keras.Input((size,), name="latent")


def _image(size, channels):
    return keras.Input((size, size, channels), name="image")


def generator_28(
    channels: int = 1,
    resizer: str = "upsampling",
    latent_size: int = LATENT_SIZES["report"],
    size: int = 28,
):
    """The report's generator: 2,330,944 weights for one channel at 28 pixels.

    Batch normalisation stands on the flat vector, before the reshape; no
    layer has a bias.
    """
    latent = _latent(latent_size)
    side = size // 4
    x = layers.Dense(side * side * 256, use_bias=False)(latent)
    x = layers.LeakyReLU()(layers.BatchNormalization()(x))
    x = layers.Reshape((side, side, 256))(x)
    for filters in (128, 64):
        if resizer == "upsampling":
            x = UpsampleConv2D(filters, 5)(x)
        else:
            x = layers.Conv2DTranspose(
                filters, 5, strides=2, padding="same", use_bias=False
            )(x)
        x = layers.LeakyReLU()(layers.BatchNormalization()(x))
    x = layers.Conv2D(channels, 5, padding="same", use_bias=False)(x)
    return _model(latent, x, "tanh", "generated", "generator")


def discriminator_28(
    channels: int = 1, dropout: float = 0.3, outputs: int = 1, size: int = 28
):
    """The report's discriminator: 212,865 weights for one channel and logit."""
    image = _image(size, channels)
    x = image
    for filters in (64, 128):
        x = layers.Conv2D(filters, 5, strides=2, padding="same")(x)
        x = layers.Dropout(dropout)(layers.LeakyReLU()(x))
    x = layers.Dense(outputs)(layers.Flatten()(x))
    return _model(image, x, "linear", "logit", "discriminator")


def generator_64(
    channels: int = 3,
    resizer: str = "transposed",
    latent_size: int = LATENT_SIZES["report"],
):
    """The report's generator for 64 pixels: 3,578,624 weights for colour.

    With `upsampling` the four doublings are pixel repetition and a 5 x 5
    convolution, which avoids checkerboards and has more weights.
    """
    latent = _latent(latent_size)
    x = layers.Reshape((1, 1, latent_size))(latent)
    x = layers.Conv2DTranspose(512, 4, use_bias=False)(x)
    for filters in (256, 128, 64, channels):
        x = layers.ReLU()(layers.BatchNormalization()(x))
        if resizer == "upsampling":
            x = UpsampleConv2D(filters, 5)(x)
        else:
            x = layers.Conv2DTranspose(
                filters, 4, strides=2, padding="same", use_bias=False
            )(x)
    return _model(latent, x, "tanh", "generated", "generator")


def discriminator_64(channels: int = 3, outputs: int = 1):
    """The report's discriminator for 64 pixels: 2,767,360 weights for colour.

    Leaky slopes are .2, as in the paper by Radford et al. (2016).
    """
    image = _image(64, channels)
    x = image
    for filters in (64, 128, 256, 512):
        x = layers.Conv2D(
            filters, 4, strides=2, padding="same", use_bias=False
        )(x)
        if filters > 64:
            x = layers.BatchNormalization()(x)
        x = layers.LeakyReLU(0.2)(x)
    x = layers.Flatten()(layers.Conv2D(outputs, 4, use_bias=False)(x))
    return _model(image, x, "linear", "logit", "discriminator")


# The keras.io examples, with tanh in place of a sigmoid because images are in
# [-1, 1] here: tanh(x) is the same function as 2 sigmoid(2 x) - 1.


def keras_io_generator_28(
    channels: int = 1,
    latent_size: int = LATENT_SIZES["keras_io"],
    size: int = 28,
):
    """Generator of keras.io's GAN example on MNIST: 1,339,905 weights.

    Source: keras.io, `dcgan_overriding_train_step` in its MNIST form, which
    is also the GAN of the guide on custom training steps.
    """
    latent = _latent(latent_size)
    side = size // 4
    x = layers.LeakyReLU(0.2)(layers.Dense(side * side * 128)(latent))
    x = layers.Reshape((side, side, 128))(x)
    for _ in range(2):
        x = layers.Conv2DTranspose(128, 4, strides=2, padding="same")(x)
        x = layers.LeakyReLU(0.2)(x)
    x = layers.Conv2D(channels, 7, padding="same")(x)
    return _model(latent, x, "tanh", "generated", "generator")


def keras_io_critic_28(channels: int = 1, outputs: int = 1, size: int = 28):
    """Discriminator of keras.io's GAN example on MNIST: 74,625 weights."""
    image = _image(size, channels)
    x = image
    for filters in (64, 128):
        x = layers.Conv2D(filters, 3, strides=2, padding="same")(x)
        x = layers.LeakyReLU(0.2)(x)
    x = layers.Dense(outputs)(layers.GlobalMaxPooling2D()(x))
    return _model(image, x, "linear", "logit", "discriminator")


def keras_io_generator_64(
    channels: int = 3, latent_size: int = LATENT_SIZES["keras_io"]
):
    """Generator of keras.io's DCGAN example on CelebA."""
    latent = _latent(latent_size)
    x = layers.Reshape((8, 8, 128))(layers.Dense(8 * 8 * 128)(latent))
    for filters in (128, 256, 512):
        x = layers.Conv2DTranspose(filters, 4, strides=2, padding="same")(x)
        x = layers.LeakyReLU(0.2)(x)
    x = layers.Conv2D(channels, 5, padding="same")(x)
    return _model(latent, x, "tanh", "generated", "generator")


def keras_io_critic_64(channels: int = 3, outputs: int = 1):
    """Discriminator of keras.io's DCGAN example on CelebA."""
    image = _image(64, channels)
    x = image
    for filters in (64, 128, 128):
        x = layers.Conv2D(filters, 4, strides=2, padding="same")(x)
        x = layers.LeakyReLU(0.2)(x)
    x = layers.Dense(outputs)(layers.Dropout(0.2)(layers.Flatten()(x)))
    return _model(image, x, "linear", "logit", "discriminator")
