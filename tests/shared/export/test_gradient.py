"""The gradient beside an exported network is Keras', or is not written."""

import json

import keras
import numpy as np
import pytest

from shared.export import export_onnx
from shared.export.gradient import export_gradient
from shared.export.graph import ExportError
from shared.export.half import round_weights
from shared.model_dir import hash_file
from shared.runtime import open_session

pytestmark = pytest.mark.tensorflow

SIZE, BITS = (18, 21, 2), 6


def reader():
    """A network with every kind of layer that readers have, of odd sizes."""
    layers = keras.layers
    image = keras.Input(SIZE, name="image")
    x = image - 0.5
    for filters, size, strides, padding in (
        (4, 3, 2, "same"),
        (5, 3, 1, "same"),
        (4, 2, 2, "valid"),
    ):
        x = layers.Conv2D(
            filters, size, strides, padding=padding, activation="relu"
        )(x)
    x = layers.Dense(400, activation="relu")(layers.Flatten()(x))
    return keras.Model(image, layers.Dense(BITS, name="logits")(x))


@pytest.mark.parametrize("half", [False, True])
def test_it_agrees_with_keras_and_shares_the_weights(tmp_path, half):
    keras.utils.set_random_seed(0)
    model = reader()
    if half:
        round_weights(model)
    path, target = tmp_path / "reader.onnx", tmp_path / "gradient.onnx"
    described = {"test": {"role": "reader", "size": 3}}
    export_onnx(model, path, described, half=half)
    image = np.random.default_rng(0).random((3, *SIZE)).astype("float32")
    shares = export_gradient(model, path, target, "test", {"image": image})
    assert shares["gradient"] < 1e-5
    assert target.stat().st_size < 16_000 < path.stat().st_size
    session = open_session(target)
    said = json.loads(session.get_modelmeta().custom_metadata_map["test"])
    assert said == {
        "role": "gradient",
        "size": 3,
        "weights_sha256": hash_file(path),
    }
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "gradient.onnx",
        "reader.onnx",
    ]


def test_another_networks_gradient_is_not_written(tmp_path):
    path, target = tmp_path / "reader.onnx", tmp_path / "gradient.onnx"
    export_onnx(reader(), path)
    image = np.random.default_rng(0).random((3, *SIZE)).astype("float32")
    with pytest.raises(ExportError, match="gradient.onnx: `gradient` is"):
        export_gradient(reader(), path, target, "test", {"image": image})
    assert not target.exists()


def test_a_network_without_a_gradient_is_named(tmp_path):
    image = keras.Input(SIZE, name="image")
    x = keras.layers.Flatten()(keras.layers.MaxPooling2D(2)(image))
    model = keras.Model(image, keras.layers.Dense(BITS, name="logits")(x))
    path = tmp_path / "reader.onnx"
    export_onnx(model, path)
    image = np.random.default_rng(0).random((3, *SIZE)).astype("float32")
    with pytest.raises(ExportError, match="no gradient of MaxPool"):
        export_gradient(
            model, path, tmp_path / "g.onnx", "test", {"image": image}
        )
    assert not (tmp_path / "g.onnx").exists()
