"""LiteRT files compute what Keras computes, or are refused."""

import pytest

from shared import export
from tests.shared.export.conftest import assert_close

pytestmark = pytest.mark.tensorflow


def test_litert_runs_at_an_unseen_batch_size(model, batch, expected, tmp_path):
    import tensorflow as tf

    path = tmp_path / "model.tflite"
    export.export_litert(model, path)
    runner = tf.lite.Interpreter(str(path)).get_signature_runner()
    assert_close(runner(**batch), expected)


def test_litert_refuses_what_is_no_builtin(turning, tmp_path):
    with pytest.raises(export.ExportError, match="LiteRT"):
        export.export_litert(turning, tmp_path / "model.tflite")
    assert list(tmp_path.iterdir()) == []
