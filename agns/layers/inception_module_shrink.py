"""The Inception module of OpenFace that halves the resolution."""

import keras

from agns.layers.conv_norm_relu import ConvNormRelu
from agns.layers.inception_paths import InceptionPaths


@keras.saving.register_keras_serializable(package="agns")
class InceptionModuleShrink(InceptionPaths):
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

        pool = keras.layers.MaxPooling2D(3, 2, "same", dtype=self.dtype_policy)
        self.paths = [path(self.three, 3), path(self.five, 5), [pool]]

    def get_config(self):
        return {
            **super().get_config(),
            "three": self.three,
            "five": self.five,
            "momentum": self.momentum,
        }
