"""LiteRT (`.tflite`) files, for phones."""

import tempfile
import warnings
from pathlib import Path

from shared.export.compare import compare
from shared.export.graph import (
    ExportError,
    check_exportable,
    made_beside,
    save_graph,
)


def export_litert(
    model, path, examples: dict | None = None, decisions: bool = False
) -> dict[str, float]:
    """Writes the model as a LiteRT (`.tflite`) file with a free batch size.

    Args:
        model: As in `compare`.
        path: File to write, in an existing folder.
        examples, decisions: As in `compare`.

    Returns:
        The largest difference of each output, as a share of its range.

    Raises:
        ExportError: If an operation is not a LiteRT builtin, or the file
            does not load in the interpreter or computes something else.
    """
    import tensorflow as tf

    path = Path(path)
    check_exportable(model, path)
    with tempfile.TemporaryDirectory() as folder:
        save_graph(model, folder)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        try:
            content = converter.convert()
        except Exception as error:
            first_line = str(error).strip().split("\n")[0]
            raise ExportError(f"{path}: LiteRT: {first_line}") from error
    with made_beside(path) as temporary:
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
