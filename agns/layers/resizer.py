"""Images at the size and in the range that a recogniser takes."""

import keras
from keras import ops

from shared.ops.precision import to_compute_dtype


@keras.saving.register_keras_serializable(package="agns")
class Resizer(keras.layers.Layer):
    """Bilinear resize without smoothing, and optionally to [0, 1].

    Args:
        height, width: int, of the output in pixels.
        zero_base: Whether to take [-1, 1] to [0, 1].

    Input shape:
        [N, H, W, C].

    Output shape:
        [N, height, width, C].
    """

    def __init__(self, height, width, zero_base=False, **kwargs):
        super().__init__(**kwargs)
        self.height = height
        self.width = width
        self.zero_base = zero_base

    def call(self, inputs):
        x = to_compute_dtype(inputs)
        if tuple(inputs.shape[1:3]) != (self.height, self.width):
            x = ops.image.resize(
                x,
                (self.height, self.width),
                interpolation="bilinear",
                antialias=False,
                data_format="channels_last",
            )
        if self.zero_base:
            x = (x + 1.0) / 2.0
        return ops.cast(x, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.height, self.width, input_shape[-1])

    def get_config(self):
        return {
            **super().get_config(),
            "height": self.height,
            "width": self.width,
            "zero_base": self.zero_base,
        }
