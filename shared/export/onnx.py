"""ONNX files, for ONNX Runtime: what all our commands of use read."""

import contextlib
import json
import logging
from pathlib import Path

from shared.export.compare import TOLERANCE, compare
from shared.export.graph import (
    ExportError,
    check_exportable,
    made_beside,
    serving_function,
    signature,
)
from shared.export.half import TOLERANCE as HALF_TOLERANCE
from shared.export.half import halve_onnx

OPSET = 18


def export_onnx(
    model,
    path,
    metadata: dict | None = None,
    opset: int = OPSET,
    examples: dict | None = None,
    decisions: bool = False,
    half: bool = False,
) -> dict[str, float]:
    """Writes the model as one ONNX file with a free batch size.

    Args:
        model: As in `compare`.
        path: File to write, in an existing folder.
        metadata: Values by key, stored as JSON in `metadata_props`; strings
            are stored as they are.
        opset: Version of the ONNX operator set.
        examples, decisions: As in `compare`.
        half: Whether large weights are stored in 16 bits, and the file may
            be so much further from the model.

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
        if half:
            halve_onnx(temporary)
        try:
            onnx.checker.check_model(str(temporary), full_check=True)
        except Exception as error:
            raise ExportError(f"{path}: onnx.checker: {error}") from error
        return compare(
            model,
            onnx_predictor(temporary),
            str(path),
            examples,
            HALF_TOLERANCE if half else TOLERANCE,
            decisions,
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
