"""Alice, Bob and Eve of the `residual` preset: convolutions on cells.

Alice adds a residual to the cover in place of drawing it anew, and each cell
of 4 x 4 pixels carries its own bits, so nothing is dense and the networks are
small at any size. All three see the image and its high-pass, in which a
change of one level out of 256 stands out. Shapes and ranges are those of
`stego.networks`.
"""

import keras
from keras import layers, ops

from stego.layers import CollectBits, SpreadBits
from stego.networks import check_size
from stego.phase_layers import LEVELS

FACTORS = (0.5, 0.7, 0.85, 1.0, 1.2, 1.5, 2.0, 3.0, 4.5, 7.0)
CELL = 4
WIDTH = 64


def _conv(filters, size=3, strides=1, **kwargs):
    return layers.Conv2D(
        filters,
        size,
        strides,
        "same",
        activation="relu",
        kernel_initializer="he_normal",
        **kwargs,
    )


def high_pass(image):
    """An image minus its 3 x 3 mean: [N, H, W, C], in units of 8 levels."""
    mean = ops.average_pool(image, 3, 1, "same")
    return (image - mean) * (LEVELS / 8.0)


def _view(image):
    return ops.concatenate([image, high_pass(image)], axis=-1)


def _depth(size, msg_len):
    """Bits of a cell: as many as the message needs."""
    return -(-msg_len // (size // CELL) ** 2)


def _cells(image):
    return _conv(WIDTH, 2 * CELL, CELL)(_view(image))


def build_alice(size: int, msg_len: int) -> keras.Model:
    """Builds the network that adds a message to a cover.

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
    side = size // CELL
    bits = SpreadBits(side, _depth(size, msg_len))(2.0 * message)
    seen = _cells(cover)
    x = _conv(WIDTH)(layers.Concatenate()([seen, bits]))
    x = x + _conv(WIDTH)(x)
    x = _conv(WIDTH)(layers.Concatenate()([x, seen, bits]))
    residual = layers.Conv2DTranspose(
        3, 2 * CELL, CELL, "same", dtype="float32", name="residual"
    )(x)
    stego = ops.clip(cover + residual * (8.0 / LEVELS), -1.0, 1.0)
    stego = layers.Identity(dtype="float32", name="stego")(stego)
    return keras.Model([cover, message], stego, name="alice")


def build_bob(size: int, msg_len: int) -> keras.Model:
    """Builds the network that reads the message.

    Args:
        size: Side of the images in pixels, a multiple of 16.
        msg_len: Bits of a message.

    Input shape:
        `image` [N, size, size, 3] in [-1, 1].

    Output shape:
        `bits` [N, msg_len], logits, float32; a bit is set where > 0.

    Raises:
        ValueError: If `size` is not a multiple of 16.
    """
    check_size(size)
    image = keras.Input((size, size, 3), name="image")
    x = _cells(image)
    x = _conv(WIDTH)(x)
    x = x + _conv(WIDTH)(x)
    grid = layers.Conv2D(
        _depth(size, msg_len), 1, dtype="float32", name="grid"
    )(x)
    bits = CollectBits(msg_len, dtype="float32", name="bits")(grid)
    return keras.Model(image, bits, name="bob")


def build_eve(size: int) -> keras.Model:
    """Builds the network that tells covers from stego images.

    Args:
        size: Side of the images in pixels, a multiple of 16.

    Input shape:
        `image` [N, size, size, 3] in [-1, 1].

    Output shape:
        `logit` [N, 1], float32; > 0 means cover.

    Raises:
        ValueError: If `size` is not a multiple of 16.
    """
    check_size(size)
    image = keras.Input((size, size, 3), name="image")
    x = _conv(16)(high_pass(image))
    for filters in (32, 48, 64):
        x = _conv(filters, 3, 2)(x)
    x = layers.GlobalAveragePooling2D()(x)
    logit = layers.Dense(1, dtype="float32", name="logit")(x)
    return keras.Model(image, logit, name="eve")
