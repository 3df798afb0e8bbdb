"""Glasses in their place on the canvas, black around."""

import keras
from keras import ops

from agns.layers.frame_mask import add_mask


@keras.saving.register_keras_serializable(package="agns")
class BlackPadding(keras.layers.Layer):
    """Puts cropped glasses on a black canvas and cuts them to the frame.

    Args:
        canvas: int, side of the canvas in pixels.
        top, left: int, where on the canvas the crop begins.
        mask: [canvas, canvas] in [0, 1], 1 on the frame; kept as a weight, so
            that it is saved with the layer. Default: ones, until weights are
            loaded.

    Input shape:
        [N, h, w, 3] in [-1, 1].

    Output shape:
        [N, canvas, canvas, 3] in [-1, 1]; -1 off the frame.

    Raises:
        ValueError: if the mask has another size or the crop does not fit.
    """

    def __init__(self, canvas=224, top=53, left=25, mask=None, **kwargs):
        super().__init__(**kwargs)
        self.canvas = canvas
        self.top = top
        self.left = left
        self.mask = add_mask(self, canvas, mask)

    def build(self, input_shape):
        height, width = input_shape[1:3]
        if self.top + height > self.canvas or self.left + width > self.canvas:
            raise ValueError(
                f"glasses of {width} x {height} pixels at ({self.left}, "
                f"{self.top}) leave a canvas of {self.canvas}"
            )

    def call(self, inputs):
        height, width = inputs.shape[1:3]
        rows = (self.top, self.canvas - self.top - height)
        columns = (self.left, self.canvas - self.left - width)
        light = ops.pad(inputs + 1.0, ((0, 0), rows, columns, (0, 0)))
        return light * ops.cast(self.mask, light.dtype) - 1.0

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.canvas, self.canvas, input_shape[-1])

    def get_config(self):
        return {
            **super().get_config(),
            "canvas": self.canvas,
            "top": self.top,
            "left": self.left,
        }
