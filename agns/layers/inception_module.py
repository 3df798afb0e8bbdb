"""The Inception module of OpenFace that keeps the resolution."""

import keras

from agns.layers.conv_norm_relu import ConvNormRelu
from agns.layers.inception_paths import InceptionPaths
from agns.layers.l2_pooling import L2Pooling
from shared.errors import check_choice


@keras.saving.register_keras_serializable(package="agns")
class InceptionModule(InceptionPaths):
    """Four views of a feature map side by side, at stride 1.

    Channels of the output, in this order: 1 x 1; 3 x 3 after a reduction;
    5 x 5 after a reduction (if any); pooling over 3 x 3 and a projection.

    Args:
        point: int, filters of the 1 x 1 path.
        three: (reduction, filters) of the 3 x 3 path.
        five: (reduction, filters) of the 5 x 5 path, or None for no path.
        pool: int, filters after the pooling.
        pooling: "max" or "l2".
        momentum: Of the moving statistics.

    Input shape:
        [N, H, W, C].

    Output shape:
        [N, H, W, point + three[1] + five[1] + pool], at least 0.

    Source: Szegedy et al., CVPR 2015; OpenFace NN4.small2.
    """

    def __init__(
        self,
        point,
        three,
        five,
        pool,
        pooling="max",
        momentum=0.99,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_choice("pooling", pooling, ("max", "l2"))
        self.point = point
        self.three = tuple(three)
        self.five = tuple(five) if five else None
        self.pool = pool
        self.pooling = pooling
        self.momentum = momentum

        def unit(filters, kernel_size, name):
            return ConvNormRelu(
                filters,
                kernel_size,
                momentum=momentum,
                dtype=self.dtype_policy,
                name=name,
            )

        if pooling == "max":
            pool_layer = keras.layers.MaxPooling2D(
                3, 1, "same", dtype=self.dtype_policy
            )
        else:
            pool_layer = L2Pooling(dtype=self.dtype_policy)
        self.paths = [
            [unit(point, 1, "point")],
            [unit(self.three[0], 1, "reduce_3"), unit(self.three[1], 3, "3")],
        ]
        if self.five:
            self.paths.append(
                [unit(self.five[0], 1, "reduce_5"), unit(self.five[1], 5, "5")]
            )
        self.paths.append([pool_layer, unit(pool, 1, "pool_out")])

    def get_config(self):
        return {
            **super().get_config(),
            "point": self.point,
            "three": self.three,
            "five": self.five,
            "pool": self.pool,
            "pooling": self.pooling,
            "momentum": self.momentum,
        }
