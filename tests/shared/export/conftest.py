"""One network that exports, and one that uses what converters do not know."""

import keras
import numpy as np
import pytest
from keras import layers, ops


@keras.saving.register_keras_serializable(package="test")
class Shift(layers.Layer):
    """Moves an image one pixel to the left: samples by gather, as we must."""

    def call(self, images):
        width = images.shape[2]
        index = ops.minimum(ops.arange(width) + 1, width - 1)
        return ops.take(images, index, axis=2)


@keras.saving.register_keras_serializable(package="test")
class Turn(layers.Layer):
    """Uses an operation which tf2onnx does not know."""

    def call(self, images):
        transform = ops.convert_to_tensor([[1.0, 0, 1, 0, 1, 0, 0, 0]])
        return ops.image.affine_transform(images, transform)


@pytest.fixture(scope="session")
def model():
    """Two inputs and two outputs; not square, not symmetric."""
    keras.utils.set_random_seed(3)
    image = keras.Input((8, 12, 3), name="image")
    gain = keras.Input((4,), name="gain")
    x = Shift()(image)
    x = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")(x)
    x = layers.BatchNormalization()(x)
    x = x * layers.Dense(4)(gain)[:, None, None]
    picture = layers.UpSampling2D(2)(x)
    score = layers.Dense(1)(layers.Flatten()(x))
    return keras.Model([image, gain], {"picture": picture, "score": score})


@pytest.fixture(scope="session")
def batch():
    generator = np.random.default_rng(5)
    return {
        "image": generator.uniform(0, 1, (5, 8, 12, 3)).astype("float32"),
        "gain": generator.normal(0, 2, (5, 4)).astype("float32"),
    }


@pytest.fixture(scope="session")
def expected(model, batch):
    outputs = model([batch["image"], batch["gain"]], training=False)
    return {k: ops.convert_to_numpy(v) for k, v in outputs.items()}


@pytest.fixture(scope="session")
def turning():
    image = keras.Input((6, 6, 1), name="image")
    return keras.Model(image, Turn()(image))


def assert_close(found, expected):
    """Fails where named arrays differ by more than rounding."""
    assert set(found) == set(expected)
    for key, wanted in expected.items():
        np.testing.assert_allclose(
            found[key], wanted, atol=1e-5 * np.ptp(wanted)
        )
