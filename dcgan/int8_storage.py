"""Weights of an ONNX file stored in 8 bits, computed with in 32.

A quarter of the size on disk. ONNX Runtime multiplies the integers with their
scales once, when it loads the file, so nothing else changes.
"""

import os

import numpy as np

# Smaller arrays (biases, statistics) stay as they are: nothing to gain.
LEAST_SIZE = 1024


def quantize(values, axis: int):
    """Rounds an array to 255 levels, with a scale of its own per channel.

    Args:
        values: float32 array.
        axis: Its channels.

    Returns:
        int8 array, and float32 scales [channels]; their product, along
        `axis`, is within half a scale of `values`.
    """
    others = tuple(i for i in range(values.ndim) if i != axis)
    scales = np.abs(values).max(axis=others) / 127.0
    scales = np.where(scales > 0, scales, 1.0).astype(np.float32)
    shape = [-1 if i == axis else 1 for i in range(values.ndim)]
    levels = np.rint(values / scales.reshape(shape))
    return np.clip(levels, -127, 127).astype(np.int8), scales


def compact_onnx(path) -> None:
    """Stores the large weights of an ONNX file in 8 bits, in place.

    Matrices have a scale per column, convolutions one per filter.

    Args:
        path: ONNX file of opset 13 or later.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(path)
    nodes, stored = [], []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or (
            values.size < LEAST_SIZE or values.ndim < 2
        ):
            stored.append(tensor)
            continue
        axis = 0 if values.ndim == 4 else values.ndim - 1
        levels, scales = quantize(values, axis)
        names = [f"{tensor.name}_levels", f"{tensor.name}_scales"]
        stored.append(numpy_helper.from_array(levels, names[0]))
        stored.append(numpy_helper.from_array(scales, names[1]))
        nodes.append(
            helper.make_node(
                "DequantizeLinear", names, [tensor.name], axis=axis
            )
        )
    nodes += model.graph.node
    del model.graph.node[:], model.graph.initializer[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(stored)
    onnx.checker.check_model(model)
    partial = f"{path}.part"
    onnx.save(model, partial)
    os.replace(partial, path)
