"""Attackers: from an image to the transformed image a victim misreads.

Source of `reference`: the malicious autoencoder of the original project, an
affine map of each 2x2 pixels' neighbourhood with 440 weights.
"""

import keras
from keras import layers, ops

from shared.errors import check_choice
from shared.ops.precision import to_compute_dtype

KINDS = ("reference", "autoencoder", "universal")
BOUNDS = ("none", "linf", "psnr")


@keras.saving.register_keras_serializable(package="malicious_ae")
class LinfBound(layers.Layer):
    """Keeps a residual within +-epsilon, smoothly: epsilon * tanh(x).

    Args:
        epsilon: Greatest change of a value, of images in [0, 1].

    Input shape:
        Any; the output's is the same.

    Raises:
        ValueError: Unless 0 < epsilon <= 1.
    """

    def __init__(self, epsilon, **kwargs):
        super().__init__(**kwargs)
        if not 0 < epsilon <= 1:
            raise ValueError(
                f"`epsilon` must be in (0, 1]. Received: {epsilon}"
            )
        self.epsilon = epsilon

    def call(self, inputs):
        return self.epsilon * ops.tanh(inputs)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}


@keras.saving.register_keras_serializable(package="malicious_ae")
class PsnrBound(layers.Layer):
    """Shrinks each image's residual until its PSNR is high enough.

    The PSNR is that of the image as it is saved, in 8 bits: what rounding
    adds is left free. A residual within the bound stays as it is. Clipping
    the sum to [0, 1] afterwards only makes it smaller.

    Args:
        min_psnr: In dB, for images in [0, 1].

    Input shape:
        [N, H, W, C]; the output's is the same.

    Raises:
        ValueError: If no residual is left at this PSNR.
    """

    def __init__(self, min_psnr, **kwargs):
        super().__init__(**kwargs)
        # Rounding to 8 bits moves values by up to half a level, evenly.
        power = 10 ** (-min_psnr / 10) - 1.1 / (12 * 255**2)
        if power <= 0:
            raise ValueError(
                "`min_psnr` must be below 58 dB, which rounding to 8 bits "
                f"costs. Received: {min_psnr}"
            )
        self.min_psnr = min_psnr
        self.radius = power**0.5

    def call(self, inputs):
        x = to_compute_dtype(inputs)
        power = ops.mean(ops.square(x), axis=(1, 2, 3), keepdims=True)
        size = ops.sqrt(power + 1e-12)
        scale = ops.minimum(1.0, self.radius / size)
        return ops.cast(x * scale, inputs.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "min_psnr": self.min_psnr}


@keras.saving.register_keras_serializable(package="malicious_ae")
class Perturbation(layers.Layer):
    """One learned residual for every image, whatever it shows.

    Args:
        deviation: Standard deviation of its random start.

    Input shape:
        [N, H, W, C], all but N known; the output's is the same.
    """

    def __init__(self, deviation=0.02, **kwargs):
        super().__init__(**kwargs)
        self.deviation = deviation

    def build(self, input_shape):
        self.residual = self.add_weight(
            shape=tuple(input_shape[1:]),
            initializer=keras.initializers.RandomNormal(stddev=self.deviation),
            name="residual",
        )

    def call(self, inputs):
        return ops.zeros_like(inputs) + ops.cast(self.residual, inputs.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "deviation": self.deviation}


def _reference(image):
    """Convolution to 8 channels at half size and back: no activation."""
    # Padding and crop are PyTorch's; see shared.segmentation.enet.
    x = layers.ZeroPadding2D(1, name="encode_pad")(image)
    x = layers.Conv2D(8, 3, strides=2, name="encode")(x)
    x = layers.Conv2DTranspose(3, 3, strides=2, use_bias=False, name="decode")(
        x
    )
    return layers.Cropping2D(((1, 0), (1, 0)), name="decode_crop")(x)


def _autoencoder(image):
    """A residual from what is around each pixel: 59,587 weights."""
    x = layers.Conv2D(16, 4, 2, padding="same", activation="relu", name="half")(
        image
    )
    x = layers.Conv2D(
        32, 4, 2, padding="same", activation="relu", name="quarter"
    )(x)
    for index, dilation in enumerate((1, 2, 4)):
        y = layers.Conv2D(
            32,
            3,
            padding="same",
            dilation_rate=dilation,
            activation="relu",
            name=f"context{index}",
        )(x)
        y = layers.Conv2D(32, 1, name=f"mix{index}")(y)
        x = layers.Add(name=f"join{index}")([x, y])
    x = layers.Conv2DTranspose(
        24, 4, 2, padding="same", activation="relu", name="double"
    )(x)
    return layers.Conv2DTranspose(3, 4, 2, padding="same", name="residual")(x)


def build_attacker(
    kind: str,
    height: int,
    width: int,
    bound: str = "none",
    epsilon: float = 8 / 255,
    min_psnr: float = 30.0,
) -> keras.Model:
    """Builds an attacker.

    Args:
        kind: `reference` (440 weights) and `autoencoder` look at the image;
            `universal` adds the same residual to all.
        height: In pixels, a multiple of 4.
        width: In pixels, a multiple of 4.
        bound: What limits the residual: `linf` by `epsilon`, `psnr` by
            `min_psnr`, or `none`.
        epsilon: Greatest change of a value, of images in [0, 1].
        min_psnr: Least PSNR of each transformed image in dB.

    Input shape:
        `image` [N, height, width, 3] in [0, 1].

    Output shape:
        `attacked` [N, height, width, 3] in [0, 1], float32.

    Raises:
        ValueError: If an argument is out of its range.
    """
    check_choice("kind", kind, KINDS)
    check_choice("bound", bound, BOUNDS)
    if height % 4 or width % 4 or min(height, width) < 4:
        raise ValueError(
            "`height` and `width` must be multiples of 4. "
            f"Received: {height} x {width}"
        )
    image = keras.Input((height, width, 3), name="image")
    if kind == "reference":
        image_out = _reference(image)
        if bound != "none":
            residual = layers.Subtract(dtype="float32", name="residual")(
                [image_out, image]
            )
    else:
        residual = (
            Perturbation(name="perturbation")(image)
            if kind == "universal"
            else _autoencoder(image)
        )
    if bound == "linf":
        residual = LinfBound(epsilon, dtype="float32", name="bound")(residual)
    elif bound == "psnr":
        residual = PsnrBound(min_psnr, dtype="float32", name="bound")(residual)
    if bound != "none" or kind != "reference":
        image_out = layers.Add(dtype="float32", name="sum")([image, residual])
    image_out = layers.Activation("linear", dtype="float32", name="unclipped")(
        image_out
    )
    attacked = layers.Identity(dtype="float32", name="attacked")(
        ops.clip(image_out, 0.0, 1.0)
    )
    return keras.Model(image, attacked, name="attacker")
