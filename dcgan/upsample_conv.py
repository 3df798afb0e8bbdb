"""Upsampling and convolution in one layer, at a third of the work."""

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable("dcgan")
class UpsampleConv2D(keras.layers.Layer):
    """Doubles the size by repeating pixels, then convolves; no bias.

    Equals `UpSampling2D(2)` followed by `Conv2D(padding="same")` with the
    same kernel. Each output pixel sees repeated pixels, so several taps of
    the kernel meet the same input. Summing those taps first leaves a smaller
    kernel for each of the four phases (row and column even or odd): 3 x 3
    in place of 5 x 5, and 36 multiplications in place of 100.

    Args:
        filters: Output channels.
        kernel_size: Odd side of the kernel, on the doubled image.

    Input shape:
        [N, H, W, C].

    Output shape:
        [N, 2 H, 2 W, filters].

    Raises:
        ValueError: If `kernel_size` is even.
    """

    def __init__(self, filters, kernel_size=5, **kwargs):
        super().__init__(**kwargs)
        if kernel_size % 2 == 0:
            raise ValueError(
                f"`kernel_size` must be odd. Received: {kernel_size}"
            )
        self.filters = filters
        self.kernel_size = kernel_size

    def build(self, input_shape):
        self.kernel = self.add_weight(
            shape=(
                self.kernel_size,
                self.kernel_size,
                input_shape[-1],
                self.filters,
            ),
            initializer="glorot_uniform",
            name="kernel",
        )

    def call(self, inputs):
        height, width, channels = inputs.shape[1:]
        taps = self._taps()
        size = taps.shape[1]
        taps = ops.cast(taps, self.compute_dtype)
        flat = ops.reshape(self.kernel, (*self.kernel.shape[:2], -1))
        # r, s: tap of the small kernel; p, q: phase; x: both channels.
        phases = ops.einsum("prk,klx->prlx", taps, flat)
        phases = ops.einsum("qsl,prlx->rsxpq", taps, phases)
        phases = ops.reshape(phases, (size, size, channels, self.filters, 2, 2))
        phases = ops.transpose(phases, (0, 1, 2, 4, 5, 3))
        phases = ops.reshape(phases, (size, size, channels, 4 * self.filters))
        outputs = ops.conv(inputs, phases, strides=1, padding="same")
        outputs = ops.reshape(outputs, (-1, height, width, 2, 2, self.filters))
        outputs = ops.transpose(outputs, (0, 1, 3, 2, 4, 5))
        return ops.reshape(outputs, (-1, 2 * height, 2 * width, self.filters))

    def _taps(self):
        """[phase, small tap, tap] of 0 and 1: which taps meet which pixel."""
        radius = self.kernel_size // 2
        reach = (radius + 1) // 2
        taps = np.zeros((2, 2 * reach + 1, self.kernel_size), "float32")
        for phase in range(2):
            for tap in range(self.kernel_size):
                taps[phase, (phase + tap - radius) // 2 + reach, tap] = 1.0
        return taps

    def compute_output_shape(self, input_shape):
        batch, height, width, _ = input_shape
        return (batch, 2 * height, 2 * width, self.filters)

    def get_config(self):
        return super().get_config() | {
            "filters": self.filters,
            "kernel_size": self.kernel_size,
        }
