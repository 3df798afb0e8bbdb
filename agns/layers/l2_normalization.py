"""Embeddings on the unit sphere."""

import keras
from keras import ops

from shared.ops.precision import to_compute_dtype


@keras.saving.register_keras_serializable(package="agns")
class L2Normalization(keras.layers.Layer):
    """Divides each example by its own Euclidean norm.

    The reference divides by the norm of the whole batch, so that an embedding
    depends on what else is in the batch; here it does not. Computed in
    float32.

    Args:
        epsilon: float > 0, least squared norm that is divided by.

    Input shape:
        [N, ..., C].

    Output shape:
        The same; norm 1 over the last axis (0 for a vector of zeros).
    """

    def __init__(self, epsilon=1e-12, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def call(self, inputs):
        x = to_compute_dtype(inputs)
        power = ops.sum(ops.square(x), axis=-1, keepdims=True)
        return ops.cast(
            x * ops.rsqrt(ops.maximum(power, self.epsilon)),
            self.compute_dtype,
        )

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}
