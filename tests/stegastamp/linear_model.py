"""A small model directory that truly hides and recovers, without training.

The encoder adds one cosine wave per bit, with the bit's sign; the decoder
correlates with the same waves. It is blind to what is in the photo, so it is
visible, but photographs have little at these frequencies and the message
survives JPEG and blur. It makes end-to-end tests possible where no trained
weights are wanted.
"""

import json

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from shared.onnx_gradient import write_gradient


def waves(height, width, count):
    """Orthogonal cosine waves, [count, height * width * 3], of mean 0."""
    y = (np.arange(height) + 0.5) / height
    x = (np.arange(width) + 0.5) / width
    # From the lowest diagonal on which a photograph leaves room.
    pairs = [(s - v, v) for s in range(9, 40) for v in range(2, s - 1)]
    rows = []
    for u, v in pairs[:count]:
        wave = np.outer(np.cos(np.pi * u * y), np.cos(np.pi * v * x))
        rows.append(np.repeat(2 * wave[..., None], 3, axis=2).ravel())
    return np.array(rows, np.float32)


def _save(path, nodes, inputs, output, constants, metadata):
    name, shape = output
    output = helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph(
        nodes,
        "linear",
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in inputs
        ],
        [output],
        [numpy_helper.from_array(v, k) for k, v in constants.items()],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10
    )
    if metadata is not None:
        helper.set_model_props(model, {"stegastamp": json.dumps(metadata)})
    onnx.save(model, str(path))


def write_linear_model(
    directory,
    height=64,
    width=64,
    secret_size=100,
    amplitude=0.02,
    changes=None,
    tint=0.0,
    gradient=False,
):
    """Writes encoder.onnx, decoder.onnx and, if asked for, gradient.onnx.

    Args:
        directory: Path, made if missing.
        height, width, secret_size: int, of the networks.
        amplitude: float, of each wave, in a photo of [0, 1].
        changes: dict of metadata entries to falsify, for bad models; None
            takes an entry out.
        tint: float, added by the encoder to every pixel.
        gradient: bool, whether stamps can be refined.

    Returns:
        `directory`.
    """
    directory.mkdir(parents=True, exist_ok=True)
    basis = waves(height, width, secret_size)
    metadata = {
        "height": height,
        "width": width,
        "secret_size": secret_size,
        "preset": "linear",
    }
    metadata = {**metadata, "zero_mean": True, **(changes or {})}
    metadata = {k: v for k, v in metadata.items() if v is not None}
    image = ("image", ["n", height, width, 3])
    _save(
        directory / "encoder.onnx",
        [
            helper.make_node("Mul", ["secret", "two"], ["twice"]),
            helper.make_node("Sub", ["twice", "one"], ["signs"]),
            helper.make_node("MatMul", ["signs", "basis"], ["flat"]),
            helper.make_node("Reshape", ["flat", "shape"], ["plain"]),
            helper.make_node("Add", ["plain", "tint"], ["residual"]),
        ],
        [image, ("secret", ["n", secret_size])],
        ("residual", ["n", height, width, 3]),
        {
            "two": np.float32(2),
            "one": np.float32(1),
            "basis": amplitude * basis,
            "tint": np.float32(tint),
            "shape": np.array([-1, height, width, 3], np.int64),
        },
        {"role": "encoder"} | metadata,
    )
    # A correlation of `amplitude` becomes a logit of 8.
    scale = 8 / amplitude / (height * width * 3)
    _save(
        directory / "decoder.onnx",
        [
            helper.make_node("Reshape", ["image", "shape"], ["flat"]),
            helper.make_node("MatMul", ["flat", "basis"], ["logits"]),
        ],
        [image],
        ("logits", ["n", secret_size]),
        {
            "basis": np.ascontiguousarray((scale * basis).T),
            "shape": np.array([-1, height * width * 3], np.int64),
        },
        {"role": "decoder"} | metadata,
    )
    if gradient:
        write_gradient(
            directory / "decoder.onnx",
            directory / "gradient.onnx",
            "stegastamp",
        )
    return directory
