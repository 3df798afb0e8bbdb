"""Layers that lay a message out on a grid of cells and read it back."""

import keras
import numpy as np
from keras import ops


def assign_slots(bits: int, cells: int) -> np.ndarray:
    """Says which bit each slot of a grid carries.

    Args:
        bits: Length of the message.
        cells: Number of cells.

    Returns:
        int32 [cells * depth] with the least depth that holds the message;
        slots that are left over carry the first bits a second time.
    """
    depth = -(-bits // cells)
    return (np.arange(cells * depth) % bits).astype("int32")


@keras.saving.register_keras_serializable("stego")
class SpreadBits(keras.layers.Layer):
    """Gives each cell of a square grid its own few bits of a message.

    A bit is known in one place and its neighbours, so what is learned in one
    cell holds in all: hundreds of examples in each image.

    Args:
        side: Cells along a side.

    Input shape:
        [N, bits].

    Output shape:
        [N, side, side, depth] with depth = ceil(bits / side^2).
    """

    def __init__(self, side: int, **kwargs):
        super().__init__(**kwargs)
        self.side = side

    def build(self, input_shape):
        self._slots = assign_slots(input_shape[-1], self.side**2)

    def call(self, message):
        depth = len(self._slots) // self.side**2
        spread = ops.take(message, self._slots, axis=1)
        return ops.reshape(spread, (-1, self.side, self.side, depth))

    def compute_output_shape(self, input_shape):
        depth = -(-input_shape[-1] // self.side**2)
        return (input_shape[0], self.side, self.side, depth)

    def get_config(self):
        return {**super().get_config(), "side": self.side}


@keras.saving.register_keras_serializable("stego")
class CollectBits(keras.layers.Layer):
    """Adds up what the cells of a grid say of each bit: undoes `SpreadBits`.

    Args:
        bits: Length of the message.

    Input shape:
        [N, side, side, depth] with depth = ceil(bits / side^2).

    Output shape:
        [N, bits], float32.

    Raises:
        ValueError: If the grid has another depth than the message needs.
    """

    def __init__(self, bits: int, **kwargs):
        super().__init__(**kwargs)
        self.bits = bits

    def build(self, input_shape):
        side, depth = input_shape[1], input_shape[3]
        slots = assign_slots(self.bits, side**2)
        if len(slots) != side**2 * depth:
            raise ValueError(
                f"{self.bits} bits on {side} x {side} cells need a depth of "
                f"{len(slots) // side**2}. Received: depth={depth}"
            )
        self._adder = np.eye(self.bits, dtype="float32")[slots]

    def call(self, grid):
        flat = ops.reshape(grid, (-1, self._adder.shape[0]))
        return ops.matmul(flat, ops.cast(self._adder, flat.dtype))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.bits)

    def get_config(self):
        return {**super().get_config(), "bits": self.bits}
