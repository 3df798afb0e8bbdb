"""The gradient of an ONNX file is that of its bits' loss."""

import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from shared.errors import UserError
from shared.onnx_gradient import write_gradient
from shared.runtime import open_session
from tests.stegastamp.linear_model import write_linear_model

BITS = 6


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


def test_a_layer_without_a_rule_is_named(tmp_path):
    write_linear(tmp_path / "reader.onnx", op="Gemm")
    with pytest.raises(ValueError, match="no gradient of Gemm"):
        write_gradient(tmp_path / "reader.onnx", tmp_path / "g.onnx", "test")
    assert not (tmp_path / "g.onnx").exists()


def test_a_gradient_without_its_weights_is_one_line(tmp_path):
    model = write_linear_model(tmp_path / "model", gradient=True)
    (model / "decoder.onnx").unlink()
    with pytest.raises(UserError, match="gradient.onnx: cannot be loaded"):
        open_session(model / "gradient.onnx")


def test_weights_are_found_in_a_folder_of_any_name(tmp_path):
    folder = tmp_path / "m\udcff"
    model = write_linear_model(tmp_path / "model", gradient=True)
    model.rename(folder)
    session = open_session(folder / "gradient.onnx", weights_dir=folder)
    assert len(session.get_inputs()) == 3
