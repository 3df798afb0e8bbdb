"""The gradient beside a network is that of its bits' loss."""

import json

import keras
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from shared.errors import UserError
from shared.export.gradient import export_gradient, write_gradient
from shared.export.graph import ExportError
from shared.model_dir import hash_file
from shared.runtime import open_session

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


def write_linear(path, op="MatMul"):
    values = np.random.default_rng(0).normal(size=(8, BITS)).astype("float32")
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 8])
    logits = helper.make_tensor_value_info(
        "logits", TensorProto.FLOAT, ["N", BITS]
    )
    graph = helper.make_graph(
        [helper.make_node(op, ["image", "kernel"], ["logits"])],
        "linear",
        [image],
        [logits],
        [numpy_helper.from_array(values, "kernel")],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10
    )
    helper.set_model_props(model, {"test": json.dumps({"role": "reader"})})
    onnx.save(model, str(path))
    return values


def test_it_is_the_derivative_of_the_hinge(tmp_path):
    kernel = write_linear(tmp_path / "reader.onnx").astype(np.float64)
    write_gradient(tmp_path / "reader.onnx", tmp_path / "g.onnx", "test")
    random = np.random.default_rng(1)
    image = random.normal(size=(3, 8)).astype("float32")
    sign = random.choice([-1, 1], (3, BITS)).astype("float32")
    logits, gradient = open_session(tmp_path / "g.onnx").run(
        None, {"image": image, "sign": sign, "margin": np.float32([1.5])}
    )
    np.testing.assert_allclose(logits, image @ kernel, atol=1e-5)

    def loss(image):
        return np.mean(np.maximum(1.5 - sign * (image @ kernel), 0) ** 2, 1)

    for place in range(8):
        step = 1e-5 * np.eye(8)[place]
        slope = (loss(image + step) - loss(image - step)) / 2e-5
        np.testing.assert_allclose(gradient[:, place], slope, atol=1e-4)


@pytest.mark.tensorflow
@pytest.mark.parametrize("half", [False, True])
def test_it_agrees_with_keras_and_shares_the_weights(tmp_path, half):
    from shared.export import export_onnx
    from shared.export.half import round_weights

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


@pytest.mark.tensorflow
def test_another_networks_gradient_is_not_written(tmp_path):
    from shared.export import export_onnx

    path, target = tmp_path / "reader.onnx", tmp_path / "gradient.onnx"
    export_onnx(reader(), path)
    image = np.random.default_rng(0).random((3, *SIZE)).astype("float32")
    with pytest.raises(ExportError, match="gradient.onnx: `gradient` is"):
        export_gradient(reader(), path, target, "test", {"image": image})
    assert not target.exists()


def test_a_layer_without_a_rule_is_named(tmp_path):
    write_linear(tmp_path / "reader.onnx", op="Gemm")
    with pytest.raises(ExportError, match="no gradient of Gemm"):
        write_gradient(tmp_path / "reader.onnx", tmp_path / "g.onnx", "test")
    assert not (tmp_path / "g.onnx").exists()


def test_a_gradient_without_its_weights_is_one_line(tmp_path):
    from tests.stegastamp.linear_model import write_linear_model

    model = write_linear_model(tmp_path / "model", gradient=True)
    (model / "decoder.onnx").unlink()
    with pytest.raises(UserError, match="gradient.onnx: cannot be loaded"):
        open_session(model / "gradient.onnx")


def test_weights_are_found_in_a_folder_of_any_name(tmp_path):
    from tests.stegastamp.linear_model import write_linear_model

    folder = tmp_path / "m\udcff"
    model = write_linear_model(tmp_path / "model", gradient=True)
    model.rename(folder)
    session = open_session(folder / "gradient.onnx", weights_dir=folder)
    assert len(session.get_inputs()) == 3
