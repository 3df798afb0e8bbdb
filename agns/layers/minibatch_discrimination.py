"""Minibatch discrimination: what gives a collapsed generator away."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="agns")
class MinibatchDiscrimination(keras.layers.Layer):
    """Adds to each example how near the others of its batch are.

    Each example is projected to `kernels` points of `dims` dimensions;
    feature k of example i is the sum over the batch of exp(-L1 distance of
    the k-th points of i and j). The example itself counts, which adds 1.
    The bias moves all points alike and so changes nothing; it is kept for
    the reference's parameter count.

    Args:
        kernels: int, features to add.
        dims: int, dimensions of a point.
        use_bias: Whether the projection has a bias.

    Input shape:
        [N, C].

    Output shape:
        [N, C + kernels]; the added values lie in [1, N].

    Source: Salimans et al., "Improved Techniques for Training GANs", NIPS
        2016, section 3.2.
    """

    def __init__(self, kernels=160, dims=3, use_bias=True, **kwargs):
        super().__init__(**kwargs)
        if kernels < 1 or dims < 1:
            raise ValueError(
                "`kernels` and `dims` must be positive. "
                f"Received: kernels={kernels}, dims={dims}"
            )
        self.kernels = kernels
        self.dims = dims
        self.use_bias = use_bias
        self.projection = keras.layers.Dense(
            kernels * dims,
            use_bias=use_bias,
            dtype=self.dtype_policy,
            name="projection",
        )

    def build(self, input_shape):
        self.projection.build(input_shape)

    def call(self, inputs):
        points = self.projection(inputs)
        points = ops.reshape(points, (-1, self.kernels, self.dims))
        # Near 0 an exponential keeps more digits than float16 has.
        points = ops.cast(points, "float32")
        apart = ops.sum(
            ops.abs(points[:, None] - points[None]), axis=-1
        )  # N, N, K
        features = ops.sum(ops.exp(-apart), axis=1)
        return ops.concatenate(
            [inputs, ops.cast(features, self.compute_dtype)], axis=-1
        )

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] + self.kernels)

    def get_config(self):
        return {
            **super().get_config(),
            "kernels": self.kernels,
            "dims": self.dims,
            "use_bias": self.use_bias,
        }
