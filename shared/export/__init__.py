"""Trained Keras networks as SavedModel, ONNX and LiteRT files.

Every file is loaded in its own runtime and compared with the Keras model on
two batch sizes before it takes its final name, because converters do not
always raise: tf2onnx logs an error for an operation it does not know and
writes a model that no runtime loads. Exporting needs the TensorFlow backend.
"""

from shared.export.compare import BATCH_SIZES, TOLERANCE, compare
from shared.export.graph import ExportError
from shared.export.litert import export_litert
from shared.export.onnx import OPSET, export_onnx, onnx_predictor
from shared.export.quantize import quantize_onnx
from shared.export.saved_model import export_saved_model

__all__ = [
    "BATCH_SIZES",
    "OPSET",
    "TOLERANCE",
    "ExportError",
    "compare",
    "export_litert",
    "export_onnx",
    "export_saved_model",
    "onnx_predictor",
    "quantize_onnx",
]
