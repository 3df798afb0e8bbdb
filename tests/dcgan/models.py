"""Small ONNX models whose answers a test can compute by hand."""

import json

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

LATENT_SIZE = 5


def _save(path, nodes, inputs, outputs, constants, metadata):
    graph = helper.make_graph(
        nodes,
        "model",
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in inputs.items()
        ],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in outputs.items()
        ],
        [
            numpy_helper.from_array(np.asarray(value), name)
            for name, value in constants.items()
        ],
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", 18)],
        ir_version=9,
    )
    if metadata:
        helper.set_model_props(model, {"dcgan": json.dumps(metadata)})
    onnx.save(model, str(path))
    return path


def write_generator(folder, size=28, channels=1, latent="normal", **changes):
    """A model directory: images are tanh of a matrix times the latent.

    Returns:
        The matrix [LATENT_SIZE, size * size * channels].
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(8)
    shape = (LATENT_SIZE, size * size * channels)
    matrix = rng.normal(size=shape).astype(np.float32)
    metadata = {
        "role": "generator",
        "dataset": "mnist",
        "size": size,
        "channels": channels,
        "latent_size": LATENT_SIZE,
        "latent": latent,
        "step": 7,
    }
    _save(
        folder / "generator.onnx",
        [
            helper.make_node("MatMul", ["latent", "matrix"], ["flat"]),
            helper.make_node("Tanh", ["flat"], ["bounded"]),
            helper.make_node("Reshape", ["bounded", "shape"], ["generated"]),
        ],
        {"latent": ["N", LATENT_SIZE]},
        {"generated": ["N", size, size, channels]},
        {
            "matrix": matrix,
            "shape": np.array([-1, size, size, channels], np.int64),
        },
        metadata | changes,
    )
    return matrix


def write_classifier(path, **changes):
    """A classifier whose feature k is the mean of rows 2 k and 2 k + 1.

    The class is the brightest of the first ten pairs of rows.
    """
    pixels = np.zeros((28 * 28, 10), np.float32)
    for k in range(10):
        pixels[56 * k : 56 * (k + 1), k] = 1 / 56
    metadata = {
        "role": "classifier",
        "dataset": "mnist",
        "class_names": list("0123456789"),
        "test_images": 9,
        "test_accuracy": 0.5,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    return _save(
        path,
        [
            helper.make_node("Reshape", ["image", "shape"], ["flat"]),
            helper.make_node("MatMul", ["flat", "pixels"], ["features"]),
            helper.make_node("Mul", ["features", "ten"], ["logits"]),
            helper.make_node("Softmax", ["logits"], ["probabilities"]),
        ],
        {"image": ["N", 28, 28, 1]},
        {"features": ["N", 10], "probabilities": ["N", 10]},
        {
            "shape": np.array([-1, 784], np.int64),
            "pixels": pixels,
            "ten": np.float32(10),
        },
        metadata | changes,
    )


def write_inception(path, size=8, channels_first=True):
    """A network of the mean of each colour, as stand-in weights go."""
    shape = ["N", 3, size, size] if channels_first else ["N", size, size, 3]
    axes = [2, 3] if channels_first else [1, 2]
    return _save(
        path,
        [
            helper.make_node(
                "ReduceMean", ["image", "axes"], ["features"], keepdims=1
            )
        ],
        {"image": shape},
        {"features": None},
        {"axes": np.array(axes, np.int64)},
        None,
    )


def bars(classes, seed):
    """Images with the pair of rows of their class bright, on noise."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 60, (len(classes), 28, 28), np.uint8)
    for image, label in zip(images, classes, strict=True):
        image[2 * label : 2 * label + 2] += 150
    return images
