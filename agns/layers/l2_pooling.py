"""Pooling by the Euclidean norm of a neighbourhood."""

import keras
from keras import ops

from shared.ops.precision import to_compute_dtype


@keras.saving.register_keras_serializable(package="agns")
class L2Pooling(keras.layers.Layer):
    """The root of nine times the mean square over 3 x 3 pixels.

    At a border the mean is over the pixels that exist, times nine all the
    same. The root of 0 has no slope, and the reference's gradient is NaN
    there; `epsilon` under the root makes it 0. Computed in float32.

    Args:
        epsilon: float > 0.

    Input shape:
        [N, H, W, C].

    Output shape:
        The same, values at least sqrt(epsilon).

    Source: OpenFace NN4 (Amos, Ludwiczuk, Satyanarayanan, 2016).
    """

    def __init__(self, epsilon=1e-6, **kwargs):
        super().__init__(**kwargs)
        if not epsilon > 0:
            raise ValueError(
                f"`epsilon` must be positive. Received: epsilon={epsilon}"
            )
        self.epsilon = epsilon

    def call(self, inputs):
        x = to_compute_dtype(inputs)
        mean = ops.average_pool(
            ops.square(x), 3, 1, "same", data_format="channels_last"
        )
        return ops.cast(ops.sqrt(9.0 * mean + self.epsilon), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}
