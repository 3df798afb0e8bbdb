"""Alice, Bob and Eve of the `modern` preset: where to step unseen.

What is said is a rule: half of a slot's four phases mean one bit, half the
other (`stego.phase_layers`), so that one step of any value of the slot is
enough and half of the slots need none. What is learned is where: Alice looks
at the picture around, starts from a known cost of steps and prefers values of
her own, Eve looks for steps. As in Tang,
Tan, Li and Huang, "Automatic steganographic distortion learning using a
generative adversarial network", IEEE SPL 2017, with the choice inside of
Alice in place of a code behind her. Shapes and ranges are those of
`stego.networks`.
"""

import keras
from keras import layers, ops

from stego.layers import CollectBits, SpreadBits
from stego.networks import check_size
from stego.phase_layers import CELL, PhaseView, TakeSteps, step_cost
from stego.residual_networks import build_eve, high_pass

__all__ = ["FACTORS", "build_alice", "build_bob", "build_eve"]

FACTORS = (1.0,)
WIDTH = 16
# Of the choice by cost, where it is learned from: a step that costs a tenth
# more is chosen half as often.
SHARPNESS = 8.0


def slot_depth(size: int, msg_len: int) -> int:
    """Slots a cell needs for a message.

    Args:
        size: Side of the images in pixels, a multiple of 16.
        msg_len: Bits of a message.

    Returns:
        1, 2, 4, 8 or 16.

    Raises:
        ValueError: If a size does not fit: at most a bit a pixel.
    """
    check_size(size)
    cells = (size // CELL) ** 2
    for depth in (1, 2, 4, 8, 16):
        if 1 <= msg_len <= cells * depth:
            return depth
    raise ValueError(
        f"{size} x {size} pixels carry 1 to {size * size} bits. Received: "
        f"msg_len={msg_len}"
    )


def _conv(filters, **kwargs):
    return layers.Conv2D(
        filters,
        3,
        padding="same",
        activation="relu",
        kernel_initializer="he_normal",
        **kwargs,
    )


def build_alice(size: int, msg_len: int) -> keras.Model:
    """Builds the network that steps values of a cover.

    Args:
        size: Side of the images in pixels, a multiple of 16.
        msg_len: Bits of a message, at most one a pixel.

    Input shape:
        `cover` [N, size, size, 3] in [-1, 1], in whole levels; `message`
        [N, msg_len] of -.5 and .5.

    Output shape:
        `stego` [N, size, size, 3] in [-1, 1], float32, in whole levels.

    Raises:
        ValueError: If a size does not fit.
    """
    depth = slot_depth(size, msg_len)
    cover = keras.Input((size, size, 3), name="cover")
    message = keras.Input((msg_len,), name="message")

    bits = SpreadBits(size // CELL, depth)(2.0 * message)
    phases = PhaseView(depth)(cover)
    said, ahead = phases[..., 0], phases[..., 1]
    # Where a slot says the other bit, one step to its near end; where there
    # is no bit, which is 0, none.
    steps = said * ahead * 0.5 * (ops.abs(bits) - said * bits)

    x = _conv(WIDTH)(ops.concatenate([cover, high_pass(cover)], axis=-1))
    x = _conv(WIDTH)(x)
    learned = layers.Conv2D(
        3,
        3,
        padding="same",
        kernel_initializer="zeros",
        dtype="float32",
        name="learned",
    )(x)
    # She starts where the cost is least, and learns what it leaves out.
    preferences = learned - SHARPNESS * ops.log(step_cost(cover))
    stego = TakeSteps(name="stego")(cover, preferences, steps)
    return keras.Model([cover, message], stego, name="alice")


def build_bob(size: int, msg_len: int) -> keras.Model:
    """Builds the network that reads the message.

    Args:
        size: Side of the images in pixels, a multiple of 16.
        msg_len: Bits of a message, at most one a pixel.

    Input shape:
        `image` [N, size, size, 3] in [-1, 1], in whole levels.

    Output shape:
        `bits` [N, msg_len], logits, float32; a bit is set where > 0.

    Raises:
        ValueError: If a size does not fit.
    """
    depth = slot_depth(size, msg_len)
    image = keras.Input((size, size, 3), name="image")
    x = layers.Dense(
        1,
        use_bias=False,
        kernel_initializer="identity",
        dtype="float32",
        name="axis",
    )(PhaseView(depth)(image))
    x = ops.squeeze(x, -1)
    bits = CollectBits(msg_len, dtype="float32", name="bits")(x)
    return keras.Model(image, bits, name="bob")
