"""Trained Keras networks as SavedModel, ONNX and LiteRT files.

Every file is loaded in its own runtime and compared with the Keras model on
two batch sizes before it takes its final name, because converters do not
always raise: tf2onnx logs an error for an operation it does not know and
writes a model that no runtime loads. Exporting needs the TensorFlow backend.
"""

import contextlib
import json
import logging
import os
import re
import shutil
import tempfile
import warnings
from pathlib import Path

import keras
import numpy as np

from shared.text import is_utf8

BATCH_SIZES = (1, 3)
TOLERANCE = 1e-4
# Of classes that are decided: the share that may be others, and how near two
# logits must be, as a share of the output's range, to be as good as equal.
DECISIONS = 1e-4
NEAR_TIE = 2e-3
OPSET = 18


class ExportError(RuntimeError):
    """An export that its runtime refuses, or that computes something else."""


def export_saved_model(
    model,
    directory,
    version: int = 1,
    examples: dict | None = None,
    decisions: bool = False,
) -> dict[str, float]:
    """Writes `directory/version/`, the layout model servers read.

    The signature `serving_default` has the names of the model's inputs and
    outputs and a free batch size, and needs none of our code to load.

    Args:
        model: Built Keras model in float32, with named inputs. Outputs are
            named by their dictionary keys, else by their last layers.
        directory: Folder of the served model; an existing version in it is
            replaced.
        version: Number of the version, from 1.
        examples: Optional arrays [3, ...] by input name to compare on.
            Default: uniform noise in [0, 1), the same at each call.
        decisions: Whether outputs are logits of classes, of which the
            greatest counts; see `compare`.

    Returns:
        The largest difference of each output, as a share of its range.

    Raises:
        ExportError: If the file does not load or computes something else.
    """
    import tensorflow as tf

    target = Path(directory) / str(version)
    _check_exportable(model, target)
    with _temporary(target) as temporary:
        _save(model, temporary)
        loaded = tf.saved_model.load(str(temporary))
        signature = loaded.signatures["serving_default"]

        def predict(arrays):
            tensors = {k: tf.constant(v) for k, v in arrays.items()}
            return {k: v.numpy() for k, v in signature(**tensors).items()}

        return compare(
            model, predict, str(target), examples, decisions=decisions
        )


def export_onnx(
    model,
    path,
    metadata: dict | None = None,
    opset: int = OPSET,
    examples: dict | None = None,
    decisions: bool = False,
) -> dict[str, float]:
    """Writes the model as one ONNX file with a free batch size.

    Args:
        model: Built Keras model in float32, with named inputs. Outputs are
            named by their dictionary keys, else by their last layers.
        path: File to write, in an existing folder.
        metadata: Values by key, stored as JSON in `metadata_props`; strings
            are stored as they are.
        opset: Version of the ONNX operator set.
        examples: Optional arrays [3, ...] by input name to compare on.
            Default: uniform noise in [0, 1), the same at each call.
        decisions: Whether outputs are logits of classes, of which the
            greatest counts; see `compare`.

    Returns:
        The largest difference of each output, as a share of its range.

    Raises:
        ExportError: If an operation has no ONNX equivalent, or the file does
            not load in ONNX Runtime or computes something else.
    """
    import onnx
    import tf2onnx

    path = Path(path)
    _check_exportable(model, path)
    with _tf2onnx_errors() as errors:
        try:
            proto, _ = tf2onnx.convert.from_function(
                _serving_function(model),
                input_signature=_signature(model),
                opset=opset,
            )
        except Exception as error:
            raise ExportError(f"{path}: tf2onnx: {error}") from error
    if errors:
        raise ExportError(f"{path}: tf2onnx: {'; '.join(errors)}")
    for value in (*proto.graph.input, *proto.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "N"
    for key, value in (metadata or {}).items():
        text = value if isinstance(value, str) else json.dumps(value)
        proto.metadata_props.add(key=key, value=text)
    with _temporary(path) as temporary:
        onnx.save(proto, str(temporary))
        try:
            onnx.checker.check_model(str(temporary), full_check=True)
        except Exception as error:
            raise ExportError(f"{path}: onnx.checker: {error}") from error
        return compare(
            model,
            onnx_predictor(temporary),
            str(path),
            examples,
            decisions=decisions,
        )


def export_litert(
    model, path, examples: dict | None = None, decisions: bool = False
) -> dict[str, float]:
    """Writes the model as a LiteRT (`.tflite`) file with a free batch size.

    Args:
        model: Built Keras model in float32, with named inputs. Outputs are
            named by their dictionary keys, else by their last layers.
        path: File to write, in an existing folder.
        examples: Optional arrays [3, ...] by input name to compare on.
            Default: uniform noise in [0, 1), the same at each call.
        decisions: Whether outputs are logits of classes, of which the
            greatest counts; see `compare`.

    Returns:
        The largest difference of each output, as a share of its range.

    Raises:
        ExportError: If an operation is not a LiteRT builtin, or the file
            does not load in the interpreter or computes something else.
    """
    import tensorflow as tf

    path = Path(path)
    _check_exportable(model, path)
    with tempfile.TemporaryDirectory() as folder:
        _save(model, folder)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        try:
            content = converter.convert()
        except Exception as error:
            first_line = str(error).strip().split("\n")[0]
            raise ExportError(f"{path}: LiteRT: {first_line}") from error
    with _temporary(path) as temporary:
        temporary.write_bytes(content)
        with warnings.catch_warnings():
            # TensorFlow announces the interpreter's move to another package.
            warnings.simplefilter("ignore")
            interpreter = tf.lite.Interpreter(str(temporary))
        runner = interpreter.get_signature_runner("serving_default")
        return compare(
            model,
            lambda arrays: runner(**arrays),
            str(path),
            examples,
            decisions=decisions,
        )


def quantize_onnx(
    path, target, batches: list, tolerance: float = 0.1, exact_layers=()
) -> dict[str, float]:
    """Writes an ONNX model again in 8-bit integers, a quarter of the size.

    Weights have a scale per channel, activations one per tensor, taken from
    `batches`. Weights use 7 of their 8 bits: processors without VNNI sum
    products of 8-bit integers in 16 bits, which saturate otherwise.

    Args:
        path: ONNX file in float32.
        target: File to write.
        batches: What the model will meet: dictionaries of input arrays.
        tolerance: Greatest error of an output that is accepted.
        exact_layers: Names of Keras layers that stay in float32.

    Returns:
        The error of each output over `batches`: its root mean square as a
        share of that of the float32 output.

    Raises:
        ExportError: If the file does not load in ONNX Runtime or its error
            is above `tolerance`.
    """
    import onnx
    from onnxruntime import quantization

    class Reader(quantization.CalibrationDataReader):
        def __init__(self):
            self.remaining = iter(batches)

        def get_next(self):
            return next(self.remaining, None)

    target = Path(target)
    metadata = {p.key: p.value for p in onnx.load(path).metadata_props}
    with _temporary(target) as temporary:
        prepared = temporary.with_name("prepared.onnx")
        quantization.quant_pre_process(
            str(path), str(prepared), skip_symbolic_shape=True
        )
        nodes = [node.name for node in onnx.load(prepared).graph.node]
        quantization.quantize_static(
            str(prepared),
            str(temporary),
            Reader(),
            nodes_to_exclude=[
                name
                for name in nodes
                if any(
                    re.search(rf"/{layer}(_\d+)?/", name)
                    for layer in exact_layers
                )
            ],
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
        )
        proto = onnx.load(temporary)
        onnx.helper.set_model_props(proto, metadata)
        onnx.save(proto, str(temporary))
        exact, rounded = onnx_predictor(path), onnx_predictor(temporary)
        errors: dict[str, float] = {}
        powers: dict[str, float] = {}
        for batch in batches:
            found = rounded(batch)
            for key, wanted in exact(batch).items():
                error = np.square(found[key] - wanted).sum()
                errors[key] = errors.get(key, 0.0) + float(error)
                power = float(np.square(wanted).sum())
                powers[key] = powers.get(key, 0.0) + power
        shares = {
            key: float(np.sqrt(error / (powers[key] or 1.0)))
            for key, error in errors.items()
        }
        for key, share in shares.items():
            if not share <= tolerance:
                raise ExportError(
                    f"{target}: output `{key}` in 8-bit integers is "
                    f"{share:.0%} away from float32 (at most {tolerance:.0%} "
                    "is allowed)"
                )
        return shares


def onnx_predictor(path):
    """Loads an ONNX file as a function from named arrays to named arrays.

    Args:
        path: ONNX file.

    Returns:
        A function from a dictionary of inputs to a dictionary of outputs.

    Raises:
        ExportError: If ONNX Runtime does not load the file.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        raise ExportError(f"{path}: ONNX Runtime: {error}") from error
    names = [output.name for output in session.get_outputs()]
    return lambda arrays: dict(
        zip(names, session.run(names, arrays), strict=True)
    )


def compare(
    model,
    predict,
    name: str,
    examples: dict | None = None,
    tolerance: float = TOLERANCE,
    decisions: bool = False,
) -> dict[str, float]:
    """Compares a runtime with the Keras model on batches of 1 and 3.

    A difference is counted as a share of the output's range, which is the
    distance between the least and the greatest of its values and zero; where
    `decisions` count, as the share of them that are another class and no near
    tie. A network that compares values, as max-unpooling does, answers
    otherwise where two are equal to the last bit, and what it decides there
    was as good as equal before.

    Args:
        model: Keras model to compare with.
        predict: Function from named input arrays to named output arrays.
        name: What messages call the export.
        examples: Optional arrays [3, ...] by input name.
            Default: uniform noise in [0, 1), the same at each call.
        tolerance: Greatest share of the range that may differ.
        decisions: Whether outputs are logits [N, ..., classes] that are judged
            by which is greatest: at most `DECISIONS` of them may be another
            class, not counting those where the Keras model's own two logits
            are within `NEAR_TIE` of its range.

    Returns:
        The largest share of each output.

    Raises:
        ExportError: If an output is missing, has another shape or differs by
            more than `tolerance`, or `predict` fails.
    """
    if examples is None:
        examples = _noise(model)
    largest: dict[str, float] = {}
    for size in BATCH_SIZES:
        batch = {key: array[:size] for key, array in examples.items()}
        expected = _predict_keras(model, batch)
        try:
            received = predict(batch)
        except Exception as error:
            raise ExportError(
                f"{name}: fails on a batch of {size}: {error}"
            ) from error
        if set(received) != set(expected):
            raise ExportError(
                f"{name}: its outputs are {sorted(received)}, those of the "
                f"Keras model {sorted(expected)}"
            )
        for key, wanted in expected.items():
            found = received[key]
            if found.shape != wanted.shape:
                raise ExportError(
                    f"{name}: output `{key}` has the shape {found.shape}, "
                    f"that of the Keras model {wanted.shape}"
                )
            if decisions:
                difference = _decided_otherwise(found, wanted)
                allowed, what = DECISIONS, "of its decisions"
            else:
                span = float(max(wanted.max(), 0) - min(wanted.min(), 0))
                errors = np.abs(found - wanted)
                difference = float(errors.max()) / (span or 1.0)
                allowed, what = tolerance, "of its range"
            # Written so that a NaN, which is no number to compare, fails.
            if not difference <= allowed:
                raise ExportError(
                    f"{name}: output `{key}` differs from the Keras model by "
                    f"{difference:.2g} {what} on a batch of {size} (at most "
                    f"{allowed:.0e} is allowed); nothing was written. Train "
                    "on and export a later checkpoint; if that fails too, "
                    "install the versions that requirements.txt pins"
                )
            largest[key] = max(largest.get(key, 0.0), difference)
    return largest


def _decided_otherwise(found, wanted) -> float:
    """Share of the decisions over the last axis that differ beyond a tie."""
    if not np.isfinite(found).all():
        return float("nan")
    span = float(max(wanted.max(), 0) - min(wanted.min(), 0))
    answer = found.argmax(-1)[..., None]
    margin = wanted.max(-1) - np.take_along_axis(wanted, answer, -1)[..., 0]
    return float((margin > NEAR_TIE * span).mean())


def _check_exportable(model, path) -> None:
    if not is_utf8(str(path)):
        raise ExportError(
            f"{path}: exporters take only paths in UTF-8; name another"
        )
    if keras.backend.backend() != "tensorflow":
        raise ExportError(
            "exporting needs the TensorFlow backend: set "
            "KERAS_BACKEND=tensorflow (weights are the same on every backend)"
        )
    for layer in _leaves(model):
        if layer.compute_dtype != "float32":
            raise ExportError(
                f"layer `{layer.name}` computes in {layer.compute_dtype}: "
                "build the network under the float32 policy and load the "
                "weights into it"
            )


def _leaves(model):
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _leaves(layer)
        else:
            yield layer


def _output_names(model) -> list[str]:
    if isinstance(model.output, dict):
        return keras.tree.flatten({name: name for name in model.output})
    return list(model.output_names)


def _call(model, tensors: list) -> dict:
    """Calls the model on its inputs in order, by the names of its outputs."""
    structure = keras.tree.pack_sequence_as(model.input, tensors)
    outputs = keras.tree.flatten(model(structure, training=False))
    return dict(zip(_output_names(model), outputs, strict=True))


def _signature(model) -> list:
    import tensorflow as tf

    return [
        tf.TensorSpec((None, *tensor.shape[1:]), tensor.dtype, tensor.name)
        for tensor in model.inputs
    ]


def _serving_function(model):
    import tensorflow as tf

    @tf.function(input_signature=_signature(model), autograph=False)
    def serve(*tensors):
        return _call(model, list(tensors))

    return serve


def _save(model, directory) -> None:
    import tensorflow as tf

    module = tf.Module()
    module.serve = _serving_function(model)
    # The module must own every variable that the function reads.
    module.weights = [variable.value for variable in model.variables]
    tf.saved_model.save(
        module, str(directory), {"serving_default": module.serve}
    )


def _predict_keras(model, batch: dict) -> dict[str, np.ndarray]:
    tensors = [
        keras.ops.convert_to_tensor(batch[tensor.name])
        for tensor in model.inputs
    ]
    return {
        name: keras.ops.convert_to_numpy(value)
        for name, value in _call(model, tensors).items()
    }


def _noise(model) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    return {
        tensor.name: generator.uniform(
            0, 1, (max(BATCH_SIZES), *tensor.shape[1:])
        ).astype(tensor.dtype)
        for tensor in model.inputs
    }


@contextlib.contextmanager
def _temporary(target: Path):
    """Yields a free name beside `target`, renamed to it on success."""
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(
        tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent)
    )
    # Same suffix: runtimes tell formats apart by it.
    temporary = folder / target.name
    try:
        yield temporary
        if temporary.is_dir() and target.is_dir():
            # A folder cannot be renamed onto one that holds files.
            target.rename(folder / "replaced")
        os.replace(temporary, target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _tf2onnx_errors():
    """Yields the list of errors that tf2onnx logs meanwhile."""
    errors: list[str] = []

    class Collect(logging.Handler):
        def emit(self, record):
            errors.append(record.getMessage())

    handler = Collect(logging.ERROR)
    logger = logging.getLogger("tf2onnx")
    logger.addHandler(handler)
    try:
        yield errors
    finally:
        logger.removeHandler(handler)
