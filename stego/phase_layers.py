"""Layers with which a single step of a single value carries a bit.

An image is cut to cells of 4 x 4 pixels and each cell to slots: pixel j of
the cell belongs to slot j mod depth. A slot's phase is the sum of its levels
modulo 4, as an angle. One step of any of its values turns it by a quarter.
"""

import math

import keras
from keras import ops

CELL = 4
PIXELS = CELL * CELL
# Half the range of an image, in levels of 8 bits.
LEVELS = 127.5


def check_depth(depth: int) -> None:
    """Refuses depths that do not divide a cell.

    Raises:
        ValueError: Unless `depth` is 1, 2, 4, 8 or 16.
    """
    if depth not in (1, 2, 4, 8, 16):
        raise ValueError(
            f"`depth` must be 1, 2, 4, 8 or 16. Received: depth={depth}"
        )


def step_cost(covers):
    """Says how much a change of each value shows: little in texture.

    After Li, Wang, Huang and Li, "A new cost function for spatial image
    steganography" (HILL), ICIP 2014: the inverse of the smoothed high-pass,
    smoothed again.

    Args:
        covers: [N, H, W, 3] in [-1, 1].

    Returns:
        [N, H, W, 3] in (0, 1]: 1 where all is flat.
    """
    noise = LEVELS * ops.abs(covers - ops.average_pool(covers, 3, 1, "same"))
    cost = 1.0 / (1.0 + ops.average_pool(noise, 3, 1, "same"))
    return ops.average_pool(cost, 5, 1, "same")


def to_slots(images, depth: int):
    """Sorts values by slot.

    Args:
        images: [N, s, s, 3] with s a multiple of 4.
        depth: Slots of a cell.

    Returns:
        [N, s / 4, s / 4, depth, 48 / depth].
    """
    side = images.shape[1] // CELL
    x = ops.reshape(images, (-1, side, CELL, side, CELL * 3))
    x = ops.transpose(x, (0, 1, 3, 2, 4))
    x = ops.reshape(x, (-1, side, side, PIXELS // depth, depth, 3))
    x = ops.transpose(x, (0, 1, 2, 4, 3, 5))
    return ops.reshape(x, (-1, side, side, depth, 3 * PIXELS // depth))


def from_slots(slots):
    """Undoes `to_slots`: [N, s, s, 3]."""
    _, side, _, depth, values = slots.shape
    x = ops.reshape(slots, (-1, side, side, depth, values // 3, 3))
    x = ops.transpose(x, (0, 1, 2, 4, 3, 5))
    x = ops.reshape(x, (-1, side, side, CELL, CELL * 3))
    x = ops.transpose(x, (0, 1, 3, 2, 4))
    return ops.reshape(x, (-1, side * CELL, side * CELL, 3))


@keras.saving.register_keras_serializable("stego")
class PhaseView(keras.layers.Layer):
    """Shows the phase of each slot.

    Args:
        depth: Slots of a cell: 1, 2, 4, 8 or 16.

    Input shape:
        [N, s, s, 3] in [-1, 1], in whole levels; s a multiple of 4.

    Output shape:
        [N, s / 4, s / 4, depth, 2], float32: for phases 0 to 3 the first is
        1, 1, -1, -1, which is the bit, and the second -1, 1, 1, -1, which
        with the first says to which side the other bit is near.
    """

    def __init__(self, depth: int, **kwargs):
        # Half precision does not hold 256 levels, let alone their sums.
        super().__init__(**{**kwargs, "dtype": "float32"})
        check_depth(depth)
        self.depth = depth

    def call(self, images):
        # Whole numbers around 0, where sums of many stay exact.
        levels = (images + 1.0) * LEVELS - 128.0
        sums = ops.sum(to_slots(levels, self.depth), axis=-1)
        # Whole turns taken off, where runtimes' cosines differ.
        sums = sums - 4.0 * ops.floor(sums / 4.0)
        # An eighth of a turn back: two phases lie on either side of an axis.
        angles = sums * (math.pi / 2) - math.pi / 4
        view = ops.stack([ops.cos(angles), ops.sin(angles)], axis=-1)
        return view * math.sqrt(2.0)

    def compute_output_shape(self, input_shape):
        side = input_shape[1] // CELL
        return (input_shape[0], side, side, self.depth, 2)

    def get_config(self):
        config = super().get_config()
        del config["dtype"]
        return {**config, "depth": self.depth}


@keras.saving.register_keras_serializable("stego")
class TakeSteps(keras.layers.Layer):
    """Turns slots by a step of one value each.

    In each slot the value with the greatest preference takes the step; one
    at the end of the range, black or white, only if there is no other. Where
    a step leads out of the range it is three steps the other way, which is
    the same phase. In a gray image all three channels of the pixel step the
    other way: three steps are one back.

    Gradients pass as if the step were not rounded and were spread over the
    slot by the softmax of the preferences.

    Input shape:
        `covers` [N, s, s, 3] in [-1, 1], in whole levels; `preferences`
        [N, s, s, 3]; `steps` [N, s / 4, s / 4, depth], rounded to whole ones
        of at most 1.

    Output shape:
        [N, s, s, 3] in [-1, 1], float32, in whole levels.
    """

    def __init__(self, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})

    def call(self, covers, preferences, steps):
        depth = steps.shape[-1]
        levels = ops.round((covers + 1.0) * LEVELS)
        ends = ops.logical_or(levels <= 0.0, levels >= 255.0)
        preferences = to_slots(
            preferences - 1e3 * ops.cast(ends, "float32"), depth
        )
        soft = ops.softmax(preferences, axis=-1)
        # The first of the greatest, without argmax: Keras' has no ONNX form
        # on TensorFlow, and on a flat region all are equal.
        greatest = ops.cast(
            preferences >= ops.max(preferences, axis=-1, keepdims=True),
            "float32",
        )
        first = ops.cumsum(greatest, axis=-1) <= 1.0
        hard = greatest * ops.cast(first, "float32")
        chosen = soft + ops.stop_gradient(hard - soft)
        whole = ops.clip(ops.round(steps), -1.0, 1.0)
        whole = steps + ops.stop_gradient(whole - steps)
        change = from_slots(chosen * whole[..., None])

        spread = ops.max(levels, axis=-1) - ops.min(levels, axis=-1)
        gray = ops.max(spread, axis=(1, 2), keepdims=True) <= 0.0
        together = -ops.sum(change, axis=-1, keepdims=True)
        change = ops.where(gray[..., None], together, change)
        stepped = levels + change
        outside = ops.logical_or(stepped < 0.0, stepped > 255.0)
        legal = ops.where(outside, levels - 3.0 * change, stepped)
        stepped = stepped + ops.stop_gradient(legal - stepped)
        return stepped / LEVELS - 1.0

    def compute_output_shape(
        self, covers_shape, preferences_shape, steps_shape
    ):
        return covers_shape

    def get_config(self):
        config = super().get_config()
        del config["dtype"]
        return config
