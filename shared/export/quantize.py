"""ONNX files in 8-bit integers."""

import re
from pathlib import Path

import numpy as np

from shared.export.graph import ExportError, made_beside
from shared.export.onnx import onnx_predictor


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
    with made_beside(target) as temporary:
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
        shares = _error_shares(
            onnx_predictor(path), onnx_predictor(temporary), batches
        )
        for key, share in shares.items():
            if not share <= tolerance:
                raise ExportError(
                    f"{target}: output `{key}` in 8-bit integers is "
                    f"{share:.0%} away from float32 (at most {tolerance:.0%} "
                    "is allowed)"
                )
        return shares


def _error_shares(exact, rounded, batches) -> dict[str, float]:
    """By output, the root mean square error as a share of the exact values."""
    errors: dict[str, float] = {}
    powers: dict[str, float] = {}
    for batch in batches:
        found = rounded(batch)
        for key, wanted in exact(batch).items():
            error = np.square(found[key] - wanted).sum()
            errors[key] = errors.get(key, 0.0) + float(error)
            power = float(np.square(wanted).sum())
            powers[key] = powers.get(key, 0.0) + power
    return {
        key: float(np.sqrt(error / (powers[key] or 1.0)))
        for key, error in errors.items()
    }
