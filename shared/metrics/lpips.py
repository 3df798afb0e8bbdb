"""LPIPS: how different two photos look to a network that knows objects."""

import os

import keras
from keras import layers, ops

from shared.errors import UserError

# (filters, kernel, stride, padding) of AlexNet's convolutions as torchvision
# builds it; a 3x3 max pooling of stride 2 comes before the second and third.
CONVOLUTIONS = (
    (64, 11, 4, 2),
    (192, 5, 1, 2),
    (384, 3, 1, 1),
    (256, 3, 1, 1),
    (256, 3, 1, 1),
)
_POOLED_BEFORE = (1, 2)
_SMALLEST_SIDE = 31

# ImageNet's mean and deviation for images in [-1, 1], as published with the
# weights.
_SHIFT = (-0.030, -0.088, -0.188)
_SCALE = (0.458, 0.448, 0.450)
_EPSILON = 1e-10


class LPIPS(keras.Model):
    """Perceptual distance of two photos, by AlexNet's features.

    At each of five layers both photos' features are scaled to unit length
    per position; the squared differences are weighted per channel, averaged
    over positions and summed over layers. Frozen, and computed in float32
    under any dtype policy. Random until weights are loaded: then still 0 for
    equal photos and positive for others, but nothing like perception; see
    `load_lpips`.

    Input shape:
        Two batches of photos [N, H, W, 3] in [0, 1], sides at least 31.

    Output shape:
        [N], float32, >= 0; 0 for equal photos.

    Raises:
        ValueError: If a side is unknown or below 31.

    Source: Zhang et al., "The Unreasonable Effectiveness of Deep Features as
    a Perceptual Metric", CVPR 2018, equation 1, version 0.1.
    """

    def __init__(self, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        self.convolutions = []
        self.channel_weights = []
        channels = 3
        for index, (filters, size, stride, _) in enumerate(CONVOLUTIONS):
            convolution = layers.Conv2D(
                filters,
                size,
                strides=stride,
                activation="relu",
                kernel_initializer="he_normal",
                dtype="float32",
                name=f"conv{index}",
            )
            convolution.build((None, None, None, channels))
            self.convolutions.append(convolution)
            self.channel_weights.append(
                self.add_weight(
                    shape=(filters,),
                    initializer=keras.initializers.RandomUniform(0.0, 1.0),
                    name=f"channel_weights{index}",
                )
            )
            channels = filters
        self.trainable = False
        self.built = True

    def features(self, images):
        """Returns the five ReLU maps of [N, H, W, 3] photos in [0, 1]."""
        x = (2.0 * images - 1.0 - ops.convert_to_tensor(_SHIFT)) / (
            ops.convert_to_tensor(_SCALE)
        )
        maps = []
        for index, convolution in enumerate(self.convolutions):
            if index in _POOLED_BEFORE:
                x = ops.max_pool(x, 3, 2, "valid")
            # Keras' `same` pads unevenly under a stride.
            padding = CONVOLUTIONS[index][3]
            sides = (padding, padding)
            x = convolution(ops.pad(x, ((0, 0), sides, sides, (0, 0))))
            maps.append(x)
        return maps

    def call(self, images, others):
        sides = tuple(images.shape[1:3])
        if None in sides or min(sides) < _SMALLEST_SIDE:
            raise ValueError(
                "`images` must have known sides of at least "
                f"{_SMALLEST_SIDE} pixels. "
                f"Received: shape={tuple(images.shape)}"
            )
        distance = 0.0
        for mine, theirs, weights in zip(
            self.features(images),
            self.features(others),
            self.channel_weights,
            strict=True,
        ):
            difference = ops.square(_unit(mine) - _unit(theirs))
            distance += ops.mean(ops.matmul(difference, weights), axis=(1, 2))
        return distance


def _unit(features):
    squares = ops.sum(ops.square(features), axis=-1, keepdims=True)
    # The published length is sqrt(squares) + epsilon; the root's slope is
    # infinite where all features are 0, hence the second epsilon.
    return features / (ops.sqrt(squares + _EPSILON**2) + _EPSILON)


def load_lpips(path):
    """Reads an LPIPS network from what `shared.lpips_convert` wrote.

    Args:
        path: A `.weights.h5` file.

    Returns:
        `LPIPS`, frozen.

    Raises:
        UserError: If the file is missing or holds other weights.
    """
    path = os.fspath(path)
    if not os.path.isfile(path):
        raise UserError(
            f"{path}: no such file; make it with python -m shared.lpips_convert"
        )
    network = LPIPS()
    try:
        network.load_weights(path)
    except (OSError, ValueError, KeyError) as error:
        raise UserError(
            f"{path}: not LPIPS weights; make them with "
            "python -m shared.lpips_convert"
        ) from error
    return network
