"""Spatial transformer: a network that straightens its own input."""

import keras
from keras import layers, ops

from shared.ops.precision import to_compute_dtype
from shared.ops.warp import sample_bilinear

_IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def affine_warp(images, theta):
    """Samples images on an affinely transformed grid.

    Positions are normalised with aligned corners: -1 is the CENTRE of the
    first pixel of a row or column, 1 the centre of the last. An output
    position (x, y) shows the input at theta (x, y, 1), bilinear; each
    neighbour outside the image counts as 0. The identity returns the images
    unchanged. (The `stn` package of the published StegaStamp maps 1 to the
    last pixel but one instead, a slight zoom.) Sampling gathers, so it
    exports to ONNX.

    Args:
        images: [N, H, W, C], all but N known.
        theta: [N, 6], the rows (x, then y) of the 2x3 matrix.

    Returns:
        [N, H, W, C] float32 (float64 for float64), differentiable in both.

    Raises:
        ValueError: If `theta` is not [N, 6] or a side is unknown.

    Source: Jaderberg et al., "Spatial Transformer Networks", section 3.
    """
    images, theta = to_compute_dtype(images), to_compute_dtype(theta)
    if tuple(theta.shape[1:]) != (6,):
        raise ValueError(
            f"`theta` must be [N, 6]. Received: shape={tuple(theta.shape)}"
        )
    if len(images.shape) != 4 or None in tuple(images.shape[1:]):
        raise ValueError(
            "`images` must be [N, height, width, channels], all but N known. "
            f"Received: shape={tuple(images.shape)}"
        )
    theta = ops.cast(theta, images.dtype)
    height, width = images.shape[1:3]
    half_height, half_width = (height - 1) / 2.0, (width - 1) / 2.0
    # Pixels from the centre rather than normalised positions: no rounding,
    # so the identity is exact.
    y = ops.reshape(
        ops.arange(height, dtype=images.dtype) - half_height, (1, height, 1)
    )
    x = ops.reshape(
        ops.arange(width, dtype=images.dtype) - half_width, (1, 1, width)
    )
    # A side of one pixel has no extent: its centre stands for all of it.
    wide, high = max(half_width, 0.5), max(half_height, 0.5)
    a, b, c, d, e, f = (theta[:, i][:, None, None] for i in range(6))
    sample_x = a * x + b * (y * (wide / high)) + c * half_width + half_width
    sample_y = d * (x * (high / wide)) + e * y + f * half_height + half_height
    return sample_bilinear(images, sample_x, sample_y, fill="zeros")


@keras.saving.register_keras_serializable(package="shared")
class SpatialTransformer(layers.Layer):
    """Warps images by the affine map which a small network finds in them.

    Starts as the identity: the localisation network's last layer has a zero
    matrix and the identity as bias. All of its weights train; in the
    published StegaStamp no optimizer ever saw the last layer, which left the
    transformer an identity for good.

    Args:
        localisation: Layer or model from images to [N, 6], see `affine_warp`;
            by default StegaStamp's: three 3x3 convolutions of 32, 64 and 128
            filters, each halving the size, Dense 128, Dense 6.

    Input shape:
        [N, H, W, C], all but N known.

    Output shape:
        The same, in the layer's compute dtype.

    Source: Jaderberg et al., "Spatial Transformer Networks"; StegaStamp's
    decoder.
    """

    def __init__(self, localisation=None, **kwargs):
        super().__init__(**kwargs)
        self._given = localisation
        self.localisation = localisation or self._default_localisation()

    def _default_localisation(self):
        def conv(filters):
            return layers.Conv2D(
                filters,
                3,
                strides=2,
                padding="same",
                activation="relu",
                kernel_initializer="he_normal",
                dtype=self.dtype_policy,
            )

        return keras.Sequential(
            [
                conv(32),
                conv(64),
                conv(128),
                layers.Flatten(dtype=self.dtype_policy),
                layers.Dense(
                    128,
                    activation="relu",
                    kernel_initializer="he_normal",
                    dtype=self.dtype_policy,
                ),
                # Half precision would round positions to whole pixels.
                layers.Dense(
                    6,
                    kernel_initializer="zeros",
                    bias_initializer=identity_affine,
                    dtype="float32",
                ),
            ],
            name="localisation",
        )

    def build(self, input_shape):
        if not self.localisation.built:
            self.localisation.build(input_shape)
        self.built = True

    def call(self, images, training=None):
        theta = self.localisation(images, training=training)
        return ops.cast(affine_warp(images, theta), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = super().get_config()
        config["localisation"] = self._given and (
            keras.saving.serialize_keras_object(self._given)
        )
        return config

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        if config.get("localisation"):
            config["localisation"] = keras.saving.deserialize_keras_object(
                config["localisation"]
            )
        return cls(**config)


@keras.saving.register_keras_serializable(package="shared")
def identity_affine(shape, dtype=None):
    """Initialises a bias of shape (6,) as the identity's 2x3 matrix."""
    return ops.reshape(
        ops.convert_to_tensor(_IDENTITY, dtype=dtype or "float32"), shape
    )
