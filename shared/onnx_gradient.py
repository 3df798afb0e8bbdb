"""The gradient of an ONNX file, as a small one beside it.

ONNX Runtime's packages for use do not differentiate, and tf2onnx does not
convert TensorFlow's gradient graphs. So the backward pass of an ONNX file is
written out node by node. Its weights stay in the file that it is made of.
"""

import dataclasses
import json
from pathlib import Path

import numpy as np

from shared.model_dir import hash_file

# Smaller arrays are copied rather than referred to.
_LEAST_SHARED = 1024


@dataclasses.dataclass
class _Backward:
    """Nodes of a backward pass under way.

    Attributes:
        nodes: What was added.
        added: Initializers that were added.
    """

    nodes: list = dataclasses.field(default_factory=list)
    added: list = dataclasses.field(default_factory=list)

    def add(self, kind, inputs, **attributes):
        from onnx import helper

        output = f"backward_{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(kind, inputs, [output], **attributes)
        )
        return output

    def constant(self, values):
        from onnx import numpy_helper

        name = f"backward_constant_{len(self.added)}"
        self.added.append(numpy_helper.from_array(np.asarray(values), name))
        return name


def _attributes(node):
    from onnx import helper

    return {a.name: helper.get_attribute_value(a) for a in node.attribute}


def _pass_on(back, node, upstream):
    return upstream


def _relu(back, node, upstream):
    sign = back.add("Sign", [node.output[0]])
    return back.add("Mul", [upstream, sign])


def _matmul(back, node, upstream):
    turned = back.add("Transpose", [node.input[1]], perm=[1, 0])
    return back.add("MatMul", [upstream, turned])


def _transpose(back, node, upstream):
    perm = np.argsort(_attributes(node)["perm"]).tolist()
    return back.add("Transpose", [upstream], perm=perm)


def _reshape(back, node, upstream):
    shape = back.add("Shape", [node.input[0]])
    return back.add("Reshape", [upstream, shape])


def _convolution(back, node, upstream):
    found = _attributes(node)
    if found.get("group", 1) != 1 or set(found.get("dilations", [1])) != {1}:
        raise ValueError(f"{node.name}: a grouped or dilated convolution")
    if found.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID"):
        raise ValueError(f"{node.name}: pads that depend on the size")
    kernel = found["kernel_shape"]
    strides = found.get("strides", [1] * len(kernel))
    # A transposed convolution gives the size back but for what a stride
    # leaves over at the end, which differs with the size: pads are cut after.
    whole = back.add(
        "ConvTranspose",
        [upstream, node.input[1]],
        strides=strides,
        kernel_shape=kernel,
        output_padding=[stride - 1 for stride in strides],
    )
    pads = found.get("pads", [0] * len(kernel))[: len(kernel)]
    starts = back.constant(np.array(pads, np.int64))
    axes = back.constant(np.arange(2, 2 + len(kernel), dtype=np.int64))
    shape = back.add("Shape", [node.input[0]], start=2)
    ends = back.add("Add", [shape, starts])
    return back.add("Slice", [whole, starts, ends, axes])


_RULES = {
    "Add": _pass_on,
    "Sub": _pass_on,
    "Relu": _relu,
    "MatMul": _matmul,
    "Transpose": _transpose,
    "Reshape": _reshape,
    "Conv": _convolution,
}


def _chain(graph, start, end):
    """The nodes from an input to an output, each after the one before."""
    by_output = {name: node for node in graph.node for name in node.output}
    constant = {tensor.name for tensor in graph.initializer}
    # Casts of weights that are stored in 16 bits.
    for node in graph.node:
        if node.op_type == "Cast" and node.input[0] in constant:
            constant.update(node.output)
    nodes, name = [], end
    while name != start:
        node = by_output[name]
        rest = [i for i, x in enumerate(node.input) if x not in constant]
        # The shape that a Reshape takes is computed from the batch's size.
        if node.op_type not in _RULES or (
            rest != [0] and node.op_type != "Reshape"
        ):
            raise ValueError(f"no gradient of {node.op_type} ({node.name})")
        nodes.append(node)
        name = node.input[0]
    return nodes[::-1]


def _share_weights(tensors, path):
    """Points large initializers at their bytes in the file they come from."""
    from onnx import TensorProto

    data = Path(path).read_bytes()
    for tensor in tensors:
        raw = tensor.raw_data
        if len(raw) < _LEAST_SHARED:
            continue
        offset = data.find(raw)
        if offset < 0:
            continue
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (
            ("location", Path(path).name),
            ("offset", offset),
            ("length", len(raw)),
        ):
            tensor.external_data.add(key=key, value=str(value))


def write_gradient(path, target, key: str, role: str = "gradient") -> None:
    """Writes the gradient of a reading network's hinge loss.

    The loss of an example is the mean over bits of
    relu(margin - sign * logit)^2: nothing once every bit is right by the
    margin.

    Inputs of the file: the network's own, `sign` [N, S] of -1 and 1, and
    `margin` [1]. Outputs: the network's own logits [N, S], and `gradient`,
    that of the loss for the network's input and in its shape.

    Args:
        path: ONNX file of one input and one output, a chain of convolutions
            and dense layers.
        target: File to write. Once it is used it must lie beside `path`: it
            refers to the weights in there, and its metadata holds the hash.
        key: Key of the metadata, which is that of `path` but for the role.
        role: What the metadata calls the gradient.

    Raises:
        ValueError: If the network has a layer of another kind.
    """
    import onnx
    from onnx import TensorProto, helper

    path = Path(path)
    model = onnx.load(path)
    graph = model.graph
    if len(graph.input) != 1 or len(graph.output) != 1:
        raise ValueError(f"{path}: more than one input or output")
    start, end = graph.input[0], graph.output[0]
    nodes = _chain(graph, start.name, end.name)
    bits = end.type.tensor_type.shape.dim[1].dim_value

    back = _Backward()
    # The derivative of mean(relu(margin - sign * logit)^2).
    told = back.add("Mul", ["sign", end.name])
    short = back.add("Relu", [back.add("Sub", ["margin", told])])
    scale = back.constant(np.float32([-2.0 / bits]))
    upstream = back.add("Mul", [back.add("Mul", [short, "sign"]), scale])
    for node in reversed(nodes):
        upstream = _RULES[node.op_type](back, node, upstream)
    named = helper.make_node("Identity", [upstream], ["gradient"])

    graph.node.extend([*back.nodes, named])
    graph.initializer.extend(back.added)
    for name, shape in (("sign", ["N", bits]), ("margin", [1])):
        graph.input.append(
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        )
    gradient = graph.output.add()
    gradient.CopyFrom(start)
    gradient.name = "gradient"
    for entry in model.metadata_props:
        if entry.key == key:
            described = json.loads(entry.value)
            described |= {"role": role, "weights_sha256": hash_file(path)}
            entry.value = json.dumps(described)
    _share_weights(graph.initializer, path)
    Path(target).write_bytes(model.SerializeToString())
