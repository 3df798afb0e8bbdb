"""ONNX files, for ONNX Runtime: what all our commands of use read."""

import contextlib
import json
import logging
from pathlib import Path

from shared.export.compare import compare
from shared.export.graph import (
    ExportError,
    check_exportable,
    made_beside,
    serving_function,
    signature,
)

OPSET = 18


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
    check_exportable(model, path)
    with _tf2onnx_errors() as errors:
        try:
            proto, _ = tf2onnx.convert.from_function(
                serving_function(model),
                input_signature=signature(model),
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
    with made_beside(path) as temporary:
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
