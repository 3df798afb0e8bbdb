"""Weights stored in 16 bits, computed with in 32: half the size on disk.

The large arrays are rounded before they are exported, so that the file for
training and the file for use hold the same numbers, but for those kernels
which a converter multiplies with batch statistics: they are rounded twice.
"""

import os

import h5py
import numpy as np

# Smaller arrays (biases, statistics) stay as they are: nothing to gain.
LEAST_SIZE = 1024
# A weight in 16 bits is up to 1/2048 off, which adds up over the layers.
TOLERANCE = 1e-2


def round_weights(network) -> None:
    """Rounds a network's large weights to what 16 bits hold, in place.

    Raises:
        ValueError: If a weight is too large for float16.
    """
    for variable in network.variables:
        values = np.asarray(variable.numpy())
        if values.size < LEAST_SIZE or values.dtype != np.float32:
            continue
        with np.errstate(over="ignore"):
            rounded = values.astype(np.float16).astype(np.float32)
        if not np.isfinite(rounded).all():
            raise ValueError(f"{variable.path}: does not fit float16")
        variable.assign(rounded)


def save_weights(network, path) -> None:
    """Saves a rounded network's weights as `load_weights` of Keras reads them.

    Args:
        network: After `round_weights`.
        path: File to write, `NAME.weights.h5`.
    """
    whole = f"{path}.whole.weights.h5"
    partial = f"{path}.part"
    network.save_weights(whole)
    try:
        with h5py.File(whole) as source, h5py.File(partial, "w") as target:
            for key, value in source.attrs.items():
                target.attrs[key] = value

            def copy(name, item):
                if isinstance(item, h5py.Group):
                    group = target.require_group(name)
                    for key, value in item.attrs.items():
                        group.attrs[key] = value
                    return
                values = item[()]
                if item.dtype == np.float32 and values.size >= LEAST_SIZE:
                    values = values.astype(np.float16)
                target.create_dataset(name, data=values)

            source.visititems(copy)
        os.replace(partial, path)
    finally:
        os.unlink(whole)


def halve_onnx(path) -> None:
    """Stores the large weights of an ONNX file in 16 bits.

    Each is turned to 32 bits by a Cast, which ONNX Runtime does once, when
    it loads the file.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(path)
    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(tensor)
        if values.size < LEAST_SIZE:
            continue
        name = tensor.name
        half = numpy_helper.from_array(
            values.astype(np.float16), f"{name}_half"
        )
        tensor.CopyFrom(half)
        casts.append(
            helper.make_node("Cast", [half.name], [name], to=TensorProto.FLOAT)
        )
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)
    partial = f"{path}.part"
    onnx.save(model, partial)
    os.replace(partial, path)
