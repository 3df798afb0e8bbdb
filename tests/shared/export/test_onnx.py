"""ONNX files compute what Keras computes, or are not written."""

import keras
import numpy as np
import onnx
import onnxruntime
import pytest
from keras import layers

from shared import export
from tests.shared.export.conftest import assert_close

pytestmark = pytest.mark.tensorflow


def test_onnx_runs_at_an_unseen_batch_size_with_metadata(
    model, batch, expected, tmp_path
):
    path = tmp_path / "model.onnx"
    differences = export.export_onnx(
        model, path, {"role": {"bits": 4}, "text": "plain"}
    )
    assert set(differences) == {"picture", "score"}
    assert max(differences.values()) <= export.TOLERANCE
    session = onnxruntime.InferenceSession(str(path))
    names = [output.name for output in session.get_outputs()]
    found = dict(zip(names, session.run(None, batch), strict=True))
    assert_close(found, expected)
    assert session.get_modelmeta().custom_metadata_map == {
        "role": '{"bits": 4}',
        "text": "plain",
    }
    proto = onnx.load(path)
    assert {o.version for o in proto.opset_import if o.domain == ""} == {18}
    assert session.get_inputs()[0].shape == ["N", 8, 12, 3]
    assert [p.name for p in tmp_path.iterdir()] == ["model.onnx"]


def test_onnx_names_the_operation_that_it_does_not_know(turning, tmp_path):
    with pytest.raises(export.ExportError, match="ImageProjectiveTransformV3"):
        export.export_onnx(turning, tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_export_leaves_the_old_file(model, turning, tmp_path):
    path = tmp_path / "model.onnx"
    export.export_onnx(model, path)
    before = path.read_bytes()
    with pytest.raises(export.ExportError):
        export.export_onnx(turning, path)
    assert path.read_bytes() == before


def test_a_file_that_16_bits_spoil_is_not_written(tmp_path):
    numbers = keras.Input((2000,), name="numbers")
    network = keras.Model(numbers, layers.Dense(1, name="sum")(numbers))
    # 16 bits hold 1.0004 as 1, which is 4 % of what two terms sum up to.
    terms = np.where(np.arange(2000) % 2, 1.0004, -0.99)
    network.set_weights([np.float32(terms)[:, None], np.zeros(1)])
    path, examples = (
        tmp_path / "sum.onnx",
        {"numbers": np.zeros((3, 2000), "f")},
    )
    examples["numbers"][:, :2] = 1
    with pytest.raises(export.ExportError, match="nothing was written"):
        export.export_onnx(network, path, examples=examples, half=True)
    assert list(tmp_path.iterdir()) == []
    export.export_onnx(network, path, examples=examples)
