"""The three players' networks: encoder, decoder and critic.

Source: Tancik, Mildenhall, Ng, "StegaStamp", CVPR 2020, section 3. All are
functional Keras graphs of any height and width that are multiples of 16, so
they export as they stand.
"""

import keras
from keras import layers, ops

from shared.layers.spatial_transformer import SpatialTransformer

SECRET_CHANNELS = 3
SECRET_STRIDE = 8
CRITIC_CLIP = 0.01


@keras.saving.register_keras_serializable("stegastamp")
class ClipWeights(keras.constraints.Constraint):
    """Keeps weights in [-limit, limit], as a Wasserstein critic needs.

    Args:
        limit: Largest absolute value.
    """

    def __init__(self, limit: float):
        self.limit = limit

    def __call__(self, weights):
        return ops.clip(weights, -self.limit, self.limit)

    def get_config(self):
        return {"limit": self.limit}


def _check_size(height: int, width: int) -> None:
    if min(height, width) < 16 or height % 16 or width % 16:
        raise ValueError(
            "`height` and `width` must be multiples of 16. "
            f"Received: height={height}, width={width}"
        )


def _conv(filters, size=3, strides=1, activation="relu", **kwargs):
    return layers.Conv2D(
        filters,
        size,
        strides=strides,
        padding="same",
        activation=activation,
        kernel_initializer="he_normal",
        **kwargs,
    )


def build_encoder(
    height: int, width: int, secret_size: int, zero_mean: bool = True
) -> keras.Model:
    """Builds the U-Net which turns a photo and a secret into a residual.

    The released code builds one more 32-channel convolution after the last
    and takes the residual from the layer before it; that dead layer (9,248
    of the published 1,749,247 weights) is left out here.

    Args:
        height: Network height in pixels, a multiple of 16.
        width: Network width in pixels, a multiple of 16.
        secret_size: Number of bits of the secret.
        zero_mean: Whether the residual's mean colour is taken off, which
            would only tint the photo; the original leaves it in.

    Input shape:
        `image` [N, height, width, 3] in [0, 1] and `secret`
        [N, secret_size] of 0 and 1.

    Output shape:
        `residual` [N, height, width, 3], float32; the stamped image is
        `clip(image + residual, 0, 1)` wherever there is one: in training,
        in `stegastamp.Encoder` and in every export.

    Raises:
        ValueError: If a side is not a multiple of 16.
    """
    _check_size(height, width)
    image = keras.Input((height, width, 3), name="image")
    secret = keras.Input((secret_size,), name="secret")

    rows, columns = height // SECRET_STRIDE, width // SECRET_STRIDE
    plane = layers.Dense(
        rows * columns * SECRET_CHANNELS,
        activation="relu",
        kernel_initializer="he_normal",
        name="secret_dense",
    )(secret - 0.5)
    plane = layers.Reshape((rows, columns, SECRET_CHANNELS))(plane)
    # Nearest, as in the original, shows as a mosaic of 8-pixel squares.
    plane = layers.UpSampling2D(SECRET_STRIDE, interpolation="bilinear")(plane)
    inputs = layers.Concatenate()([plane, image - 0.5])

    conv1 = _conv(32)(inputs)
    conv2 = _conv(32, strides=2)(conv1)
    conv3 = _conv(64, strides=2)(conv2)
    conv4 = _conv(128, strides=2)(conv3)
    x = _conv(256, strides=2)(conv4)
    for filters, skips in (
        (128, [conv4]),
        (64, [conv3]),
        (32, [conv2]),
        (32, [conv1, inputs]),
    ):
        x = _conv(filters, size=2)(layers.UpSampling2D(2)(x))
        x = _conv(filters)(layers.Concatenate()([*skips, x]))

    name = "tinted_residual" if zero_mean else "residual"
    residual = _conv(3, size=1, activation=None, dtype="float32", name=name)(x)
    if zero_mean:
        mean = layers.GlobalAveragePooling2D(keepdims=True, dtype="float32")
        residual = layers.Subtract(dtype="float32", name="residual")(
            [residual, mean(residual)]
        )
    return keras.Model([image, secret], residual, name="encoder")


def build_decoder(
    height: int, width: int, secret_size: int, transformer: bool = False
) -> keras.Model:
    """Builds the network which reads the secret's logits from an image.

    Args:
        height: Network height in pixels, a multiple of 16.
        width: Network width in pixels, a multiple of 16.
        secret_size: Number of bits of the secret.
        transformer: Whether a spatial transformer comes first. It holds 41 M
            of the 52 M weights at 400 px; in the original it never trained.

    Input shape:
        `image` [N, height, width, 3] in [0, 1].

    Output shape:
        `logits` [N, secret_size], float32; a bit is 1 where its logit > 0.

    Raises:
        ValueError: If a side is not a multiple of 16.
    """
    _check_size(height, width)
    image = keras.Input((height, width, 3), name="image")
    x = image - 0.5
    if transformer:
        x = SpatialTransformer(name="transformer")(x)
    for filters, strides in (
        (32, 2),
        (32, 1),
        (64, 2),
        (64, 1),
        (64, 2),
        (128, 2),
        (128, 2),
    ):
        x = _conv(filters, strides=strides)(x)
    x = layers.Flatten()(x)
    x = layers.Dense(512, activation="relu", kernel_initializer="he_normal")(x)
    logits = layers.Dense(secret_size, dtype="float32", name="logits")(x)
    return keras.Model(image, logits, name="decoder")


def build_critic(height: int, width: int) -> keras.Model:
    """Builds the Wasserstein critic, whose output map is its heat map.

    Its weights are kept within +-0.01, as in the released run.

    Args:
        height: Network height in pixels, a multiple of 16.
        width: Network width in pixels, a multiple of 16.

    Input shape:
        `image` [N, height, width, 3] in [0, 1].

    Output shape:
        `heat_map` [N, height / 16, width / 16, 1], float32; the score of an
        image is the mean of its map.

    Raises:
        ValueError: If a side is not a multiple of 16.
    """
    _check_size(height, width)
    image = keras.Input((height, width, 3), name="image")
    clip = ClipWeights(CRITIC_CLIP)
    clipped = {"kernel_constraint": clip, "bias_constraint": clip}
    x = image - 0.5
    for filters in (8, 16, 32, 64):
        x = _conv(filters, strides=2, **clipped)(x)
    heat_map = _conv(
        1, activation=None, dtype="float32", name="heat_map", **clipped
    )(x)
    return keras.Model(image, heat_map, name="critic")


def critic_score(heat_map):
    """Averages heat maps [N, H, W, 1] to scores [N]."""
    return ops.mean(heat_map, axis=(1, 2, 3))
