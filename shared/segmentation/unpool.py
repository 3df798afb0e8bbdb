"""Max-unpooling: puts each value back where its maximum came from."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="shared")
class MaxPositions(layers.Layer):
    """Says which pixel of each 2x2 window is the largest.

    Input shape:
        [N, H, W, C], H and W even and known.

    Output shape:
        [N, H/2, W/2, C] of the input's type, the first largest pixel in
        reading order: 0 top left, 1 top right, 2 bottom left, 3 bottom right.
        No gradient passes.
    """

    def build(self, input_shape):
        height, width = input_shape[1:3]
        if None in (height, width) or height % 2 or width % 2:
            raise ValueError(
                "`MaxPositions` needs an even height and width. "
                f"Received: input_shape={tuple(input_shape)}"
            )

    def call(self, inputs):
        x = ops.stop_gradient(inputs)
        top, bottom = x[:, 0::2], x[:, 1::2]
        first, second = top[:, :, 0::2], top[:, :, 1::2]
        third, fourth = bottom[:, :, 0::2], bottom[:, :, 1::2]
        upper = ops.cast(second > first, x.dtype)
        lower = ops.cast(fourth > third, x.dtype) + 2.0
        below = ops.maximum(third, fourth) > ops.maximum(first, second)
        return ops.where(below, lower, upper)

    def compute_output_shape(self, input_shape):
        count, height, width, channels = input_shape
        return (count, height // 2, width // 2, channels)


@keras.saving.register_keras_serializable(package="shared")
class MaxUnpool(layers.Layer):
    """Doubles the size: values go where `MaxPositions` says, zeros elsewhere.

    Keras has no such layer. This one is made of comparisons and reshapes,
    which export to ONNX and LiteRT.

    Input shape:
        [values, positions], both [N, H, W, C], H, W and C known.

    Output shape:
        [N, 2H, 2W, C] of the values' type.

    Raises:
        ValueError: If the two shapes differ.
    """

    def build(self, input_shape):
        values, positions = input_shape
        if tuple(values[1:]) != tuple(positions[1:]):
            raise ValueError(
                "`MaxUnpool` needs values and positions of one shape. "
                f"Received: {tuple(values)} and {tuple(positions)}"
            )

    def call(self, inputs):
        values, positions = inputs
        height, width, channels = values.shape[1:]
        zero = ops.zeros_like(values)
        rows = []
        for row in (0, 2):
            pair = [
                ops.where(positions == float(row + column), values, zero)
                for column in (0, 1)
            ]
            merged = ops.stack(pair, axis=3)  # N, H, W, 2, C
            rows.append(ops.reshape(merged, (-1, height, 2 * width, channels)))
        merged = ops.stack(rows, axis=2)  # N, H, 2, 2W, C
        return ops.reshape(merged, (-1, 2 * height, 2 * width, channels))

    def compute_output_shape(self, input_shape):
        count, height, width, channels = input_shape[0]
        return (count, 2 * height, 2 * width, channels)
