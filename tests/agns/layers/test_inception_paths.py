"""Paths see the same input, and their outputs stand side by side."""

import keras
import numpy as np

from agns.layers.inception_paths import InceptionPaths


class TwoPaths(InceptionPaths):
    def __init__(self):
        super().__init__()
        norm = keras.layers.BatchNormalization(momentum=0.5, epsilon=0.0)
        self.paths = [
            [keras.layers.MaxPooling2D(2)],
            [keras.layers.Conv2D(1, 1, 2, use_bias=False), norm],
        ]


def test_outputs_are_those_of_the_paths_in_their_order():
    layer = TwoPaths()
    images = np.random.default_rng(0).normal(size=(3, 4, 6, 2)).astype("f")
    assert layer.compute_output_shape(images.shape) == (3, 2, 3, 3)
    layer.build(images.shape)
    kernel = np.float32([2.0, -1.0]).reshape(1, 1, 2, 1)
    layer.paths[1][0].set_weights([kernel])
    outputs = keras.ops.convert_to_numpy(layer(images))
    pooled = images.reshape(3, 2, 2, 3, 2, 2).max(axis=(2, 4))
    np.testing.assert_allclose(outputs[..., :2], pooled, rtol=1e-5)
    plain = images[:, ::2, ::2] @ np.float32([2.0, -1.0])
    np.testing.assert_allclose(outputs[..., 2], plain, rtol=1e-5)

    # In training the batch's own statistics are used, and kept in part.
    outputs = keras.ops.convert_to_numpy(layer(images, training=True))
    expected = (plain - plain.mean()) / plain.std()
    np.testing.assert_allclose(outputs[..., 2], expected, atol=1e-4)
    mean = layer.paths[1][1].moving_mean.numpy()
    np.testing.assert_allclose(mean, plain.mean() / 2, rtol=1e-3)
