"""Local response normalisation over channels."""

import keras
import numpy as np
from keras import ops

from shared.ops.precision import to_compute_dtype


@keras.saving.register_keras_serializable(package="agns")
class LocalResponseNormalization(keras.layers.Layer):
    """Divides each value by the power of the channels around it.

    x_c / (bias + alpha * sum x_k^2)^beta over the channels k with
    |k - c| <= radius, as `tf.nn.local_response_normalization`: alpha is not
    divided by the number of channels. The sum is a product with a band
    matrix, which runs and exports everywhere. Computed in float32.

    Args:
        radius: int, channels on each side; 5, as the reference has it.
        bias: float > 0.
        alpha: float.
        beta: float.

    Input shape:
        [N, ..., C].

    Output shape:
        The same.

    Source: Krizhevsky, Sutskever, Hinton, NIPS 2012, section 3.3.
    """

    def __init__(self, radius=5, bias=1.0, alpha=1e-4, beta=0.75, **kwargs):
        super().__init__(**kwargs)
        if radius < 0 or not bias > 0:
            raise ValueError(
                "`radius` must be at least 0 and `bias` positive. "
                f"Received: radius={radius}, bias={bias}"
            )
        self.radius = radius
        self.bias = bias
        self.alpha = alpha
        self.beta = beta

    def call(self, inputs):
        x = to_compute_dtype(inputs)
        channel = np.arange(inputs.shape[-1])
        band = np.abs(channel[:, None] - channel) <= self.radius
        band = ops.convert_to_tensor(band.astype("float32"))
        power = ops.matmul(ops.square(x), ops.cast(band, x.dtype))
        # A real power as exp(log): vectorised on CPUs, where `power` is not.
        scale = ops.exp(-self.beta * ops.log(self.bias + self.alpha * power))
        return ops.cast(x * scale, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return {
            **super().get_config(),
            "radius": self.radius,
            "bias": self.bias,
            "alpha": self.alpha,
            "beta": self.beta,
        }
