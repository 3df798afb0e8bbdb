"""An encoder in 8 bits that is too far away is not written."""

import pytest

from shared import export

pytestmark = pytest.mark.tensorflow


def test_quantize_refuses_an_error_above_the_tolerance(model, batch, tmp_path):
    export.export_onnx(model, tmp_path / "model.onnx")
    target = tmp_path / "int8.onnx"
    with pytest.raises(export.ExportError, match="8-bit integers.*allowed"):
        export.quantize_onnx(tmp_path / "model.onnx", target, [batch], 1e-6)
    assert not target.exists()
