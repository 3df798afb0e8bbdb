"""Layers that lay a message out on a grid of cells and read it back."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("stego")
class SpreadBits(keras.layers.Layer):
    """Gives each cell of a square grid its own few bits of a message.

    A bit is known in one place and its neighbours, so what is learned in one
    cell holds in all: hundreds of examples in each image.

    Args:
        side: Cells along a side.
        depth: Bits of a cell; side^2 * depth must hold the message.

    Input shape:
        [N, bits].

    Output shape:
        [N, side, side, depth]; places that are left over hold 0.

    Raises:
        ValueError: If the message has more bits than the grid.
    """

    def __init__(self, side: int, depth: int, **kwargs):
        super().__init__(**kwargs)
        self.side = side
        self.depth = depth

    def call(self, message):
        room = self.side**2 * self.depth - message.shape[-1]
        if room < 0:
            raise ValueError(
                f"{self.side} x {self.side} cells of {self.depth} bits do "
                f"not hold {message.shape[-1]}"
            )
        grid = ops.pad(message, ((0, 0), (0, room)))
        return ops.reshape(grid, (-1, self.side, self.side, self.depth))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.side, self.side, self.depth)

    def get_config(self):
        config = {"side": self.side, "depth": self.depth}
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable("stego")
class CollectBits(keras.layers.Layer):
    """Reads a message from the cells of a grid: undoes `SpreadBits`.

    Args:
        bits: Length of the message.

    Input shape:
        [N, side, side, depth] with at least `bits` values.

    Output shape:
        [N, bits].
    """

    def __init__(self, bits: int, **kwargs):
        super().__init__(**kwargs)
        self.bits = bits

    def call(self, grid):
        _, rows, columns, depth = grid.shape
        flat = ops.reshape(grid, (-1, rows * columns * depth))
        return flat[:, : self.bits]

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.bits)

    def get_config(self):
        return {**super().get_config(), "bits": self.bits}
