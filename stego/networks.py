"""Alice, Bob and Eve as in the paper: one dense layer, then strided 5x5.

Source: Hayes and Danezis, "Generating steganographic images via adversarial
training", NeurIPS 2017, section 3. Images are [N, s, s, 3] in [-1, 1],
messages [N, bits] of -.5 and .5.
"""

import keras
from keras import layers

# Factors on the residual that an encoder may try on a tile, in this order.
FACTORS = (1.0, 1.25, 1.6, 2.0)
KERNEL = 5
SLOPE = 0.2


def check_size(size: int) -> None:
    """Refuses sides that four halvings do not divide.

    Raises:
        ValueError: If `size` is not a positive multiple of 16.
    """
    if size < 16 or size % 16:
        raise ValueError(
            f"`size` must be a multiple of 16. Received: size={size}"
        )


def _normalization():
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)


def build_alice(size: int, msg_len: int) -> keras.Model:
    """Builds the network that draws a stego image from cover and message.

    Args:
        size: Side of the images in pixels, a multiple of 16.
        msg_len: Bits of a message.

    Input shape:
        `cover` [N, size, size, 3] in [-1, 1]; `message` [N, msg_len] of -.5
        and .5.

    Output shape:
        `stego` [N, size, size, 3] in [-1, 1], float32.

    Raises:
        ValueError: If `size` is not a multiple of 16.
    """
    check_size(size)
    cover = keras.Input((size, size, 3), name="cover")
    message = keras.Input((msg_len,), name="message")
    side = size // 16
    x = layers.Concatenate()([layers.Flatten()(cover), message])
    x = layers.Dense(side * side * 8 * size)(x)
    x = layers.Reshape((side, side, 8 * size))(x)
    x = layers.ReLU()(_normalization()(x))
    for filters in (4 * size, 2 * size, size):
        x = layers.Conv2DTranspose(filters, KERNEL, 2, "same")(x)
        x = layers.ReLU()(_normalization()(x))
    stego = layers.Conv2DTranspose(
        3,
        KERNEL,
        2,
        "same",
        activation="tanh",
        dtype="float32",
        name="stego",
    )(x)
    return keras.Model([cover, message], stego, name="alice")


def _reader(size, outputs, activation, role, output_name):
    check_size(size)
    image = keras.Input((size, size, 3), name="image")
    x = layers.Conv2D(size, KERNEL, 2, "same")(image)
    x = layers.LeakyReLU(SLOPE)(x)
    for filters in (2 * size, 4 * size, 8 * size):
        x = layers.Conv2D(filters, KERNEL, 2, "same")(x)
        x = layers.LeakyReLU(SLOPE)(_normalization()(x))
    answer = layers.Dense(
        outputs, activation=activation, dtype="float32", name=output_name
    )(layers.Flatten()(x))
    return keras.Model(image, answer, name=role)


def build_bob(size: int, msg_len: int) -> keras.Model:
    """Builds the network that reads the message.

    Args:
        size: Side of the images in pixels, a multiple of 16.
        msg_len: Bits of a message.

    Input shape:
        `image` [N, size, size, 3] in [-1, 1].

    Output shape:
        `bits` [N, msg_len] in (-1, 1), float32; a bit is set where > 0.

    Raises:
        ValueError: If `size` is not a multiple of 16.
    """
    return _reader(size, msg_len, "tanh", "bob", "bits")


def build_eve(size: int) -> keras.Model:
    """Builds the network that tells covers from stego images.

    All of its convolutions count. In the released code the logit reads the
    first one only, and the others are computed for nothing.

    Args:
        size: Side of the images in pixels, a multiple of 16.

    Input shape:
        `image` [N, size, size, 3] in [-1, 1].

    Output shape:
        `logit` [N, 1], float32; > 0 means cover.

    Raises:
        ValueError: If `size` is not a multiple of 16.
    """
    return _reader(size, 1, None, "eve", "logit")
