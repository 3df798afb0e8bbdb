"""Convolution, batch normalisation, ReLU: the unit that OpenFace is made of."""

import keras


@keras.saving.register_keras_serializable(package="agns")
class ConvNormRelu(keras.layers.Layer):
    """A biased `same` convolution, batch normalisation and ReLU.

    Args:
        filters: int, channels of the output.
        kernel_size: int, side of the kernel in pixels.
        strides: int.
        momentum: Of the moving statistics.

    Input shape:
        [N, H, W, C].

    Output shape:
        [N, ceil(H / strides), ceil(W / strides), filters], at least 0.
    """

    def __init__(
        self, filters, kernel_size, strides=1, momentum=0.99, **kwargs
    ):
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel_size = kernel_size
        self.strides = strides
        self.momentum = momentum
        self.convolution = keras.layers.Conv2D(
            filters,
            kernel_size,
            strides,
            padding="same",
            dtype=self.dtype_policy,
            name="convolution",
        )
        self.normalization = keras.layers.BatchNormalization(
            momentum=momentum, dtype=self.dtype_policy, name="normalization"
        )

    def build(self, input_shape):
        self.convolution.build(input_shape)
        self.normalization.build(
            self.convolution.compute_output_shape(input_shape)
        )

    def call(self, inputs, training=False):
        return keras.ops.relu(
            self.normalization(self.convolution(inputs), training=training)
        )

    def compute_output_shape(self, input_shape):
        return self.convolution.compute_output_shape(input_shape)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "momentum": self.momentum,
        }
