"""Generators and discriminators.

The report's, and those of the keras.io examples which they are compared with.
Both were made for 28 and for 64 pixels; the other `SIZES` follow by the same
rules. All are functional graphs. A generator maps `latent` [N, Z] to `image`
[N, H, W, C] in [-1, 1]; a discriminator maps `image` to `logit` [N, 1], whose
sigmoid is the probability of a real image, or to such a logit of each class
(`dcgan.conditional_gan`). Both ends are float32 under mixed precision.
"""

import keras
from keras import layers

from dcgan.upsample_conv import UpsampleConv2D
from shared.errors import check_choice

RESIZERS = ("upsampling", "transposed")
FAMILIES = ("report", "keras_io")
# The networks of 28 pixels double a quarter of the size twice, those of 64
# double 4 pixels (keras.io: an eighth of the size, three times).
LARGE = 64
SIZES = (*range(16, LARGE, 4), LARGE, 2 * LARGE)
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
        dropout: Rate in the report's discriminator below 64 pixels.
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
        check_choice(name, value, choices)
    outputs, latent = max(classes, 1), latent_size(family, classes)
    large = size >= LARGE
    if family == "keras_io":
        generator = (
            keras_io_large_generator if large else keras_io_small_generator
        )
        critic = keras_io_large_critic if large else keras_io_small_critic
        return (
            generator(channels, latent, size),
            critic(channels, outputs, size),
        )
    if large:
        return (
            large_generator(channels, resizer, latent, size),
            large_discriminator(channels, outputs, size),
        )
    return (
        small_generator(channels, resizer, latent, size),
        small_discriminator(channels, dropout, outputs, size),
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


def _widths(size):
    """Filters from the image inwards, doubled until 4 x 4 pixels are left."""
    return [64 << halvings for halvings in range((size // 4).bit_length() - 1)]


def _latent(size):
    return keras.Input((size,), name="latent")


def _image(size, channels):
    return keras.Input((size, size, channels), name="image")


def small_generator(
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


def small_discriminator(
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


def large_generator(
    channels: int = 3,
    resizer: str = "transposed",
    latent_size: int = LATENT_SIZES["report"],
    size: int = 64,
):
    """The report's generator for 64 pixels: 3,578,624 weights for colour.

    With `upsampling` the doublings are pixel repetition and a 5 x 5
    convolution, which avoids checkerboards and has more weights.
    """
    latent = _latent(latent_size)
    x = layers.Reshape((1, 1, latent_size))(latent)
    widest, *widths = reversed(_widths(size))
    x = layers.Conv2DTranspose(widest, 4, use_bias=False)(x)
    for filters in (*widths, channels):
        x = layers.ReLU()(layers.BatchNormalization()(x))
        if resizer == "upsampling":
            x = UpsampleConv2D(filters, 5)(x)
        else:
            x = layers.Conv2DTranspose(
                filters, 4, strides=2, padding="same", use_bias=False
            )(x)
    return _model(latent, x, "tanh", "generated", "generator")


def large_discriminator(channels: int = 3, outputs: int = 1, size: int = 64):
    """The report's discriminator for 64 pixels: 2,767,360 weights for colour.

    Leaky slopes are .2, as in the paper by Radford et al. (2016).
    """
    image = _image(size, channels)
    x = image
    for filters in _widths(size):
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


def keras_io_small_generator(
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


def keras_io_small_critic(channels: int = 1, outputs: int = 1, size: int = 28):
    """Discriminator of keras.io's GAN example on MNIST: 74,625 weights."""
    image = _image(size, channels)
    x = image
    for filters in (64, 128):
        x = layers.Conv2D(filters, 3, strides=2, padding="same")(x)
        x = layers.LeakyReLU(0.2)(x)
    x = layers.Dense(outputs)(layers.GlobalMaxPooling2D()(x))
    return _model(image, x, "linear", "logit", "discriminator")


def keras_io_large_generator(
    channels: int = 3,
    latent_size: int = LATENT_SIZES["keras_io"],
    size: int = 64,
):
    """Generator of keras.io's DCGAN example on CelebA."""
    latent = _latent(latent_size)
    side = size // 8
    x = layers.Dense(side * side * 128)(latent)
    x = layers.Reshape((side, side, 128))(x)
    for filters in (128, 256, 512):
        x = layers.Conv2DTranspose(filters, 4, strides=2, padding="same")(x)
        x = layers.LeakyReLU(0.2)(x)
    x = layers.Conv2D(channels, 5, padding="same")(x)
    return _model(latent, x, "tanh", "generated", "generator")


def keras_io_large_critic(channels: int = 3, outputs: int = 1, size: int = 64):
    """Discriminator of keras.io's DCGAN example on CelebA."""
    image = _image(size, channels)
    x = image
    for filters in (64, 128, 128):
        x = layers.Conv2D(filters, 4, strides=2, padding="same")(x)
        x = layers.LeakyReLU(0.2)(x)
    x = layers.Dense(outputs)(layers.Dropout(0.2)(layers.Flatten()(x)))
    return _model(image, x, "linear", "logit", "discriminator")
