"""The Inception module of OpenFace that halves the resolution."""

import keras
from keras import ops

from agns.layers.conv_norm_relu import ConvNormRelu


@keras.saving.register_keras_serializable(package="agns")
class InceptionModuleShrink(keras.layers.Layer):
    """Three views of a feature map side by side, at stride 2.

    Channels of the output, in this order: 3 x 3 after a reduction; 5 x 5
    after a reduction; the input itself, max-pooled over 3 x 3.

    Args:
        three: (reduction, filters) of the 3 x 3 path.
        five: (reduction, filters) of the 5 x 5 path.
        momentum: Of the moving statistics.

    Input shape:
        [N, H, W, C].

    Output shape:
        [N, ceil(H / 2), ceil(W / 2), three[1] + five[1] + C].

    Source: OpenFace NN4.small2.
    """

    def __init__(self, three, five, momentum=0.99, **kwargs):
        super().__init__(**kwargs)
        self.three = tuple(three)
        self.five = tuple(five)
        self.momentum = momentum

        def path(sizes, kernel_size):
            settings = {"momentum": momentum, "dtype": self.dtype_policy}
            return [
                ConvNormRelu(
                    sizes[0], 1, name=f"reduce_{kernel_size}", **settings
                ),
                ConvNormRelu(
                    sizes[1], kernel_size, 2, name=str(kernel_size), **settings
                ),
            ]

        self.paths = [path(self.three, 3), path(self.five, 5)]
        self.pool = keras.layers.MaxPooling2D(
            3, 2, "same", dtype=self.dtype_policy
        )

    def build(self, input_shape):
        for path in self.paths:
            shape = input_shape
            for layer in path:
                layer.build(shape)
                shape = layer.compute_output_shape(shape)

    def call(self, inputs, training=False):
        outputs = []
        for reduce, convolve in self.paths:
            x = reduce(inputs, training=training)
            outputs.append(convolve(x, training=training))
        return ops.concatenate([*outputs, self.pool(inputs)], axis=-1)

    def compute_output_shape(self, input_shape):
        pooled = self.pool.compute_output_shape(input_shape)
        filters = self.three[1] + self.five[1] + input_shape[-1]
        return (*pooled[:-1], filters)

    def get_config(self):
        return {
            **super().get_config(),
            "three": self.three,
            "five": self.five,
            "momentum": self.momentum,
        }
