"""What no exporter takes, and no folder can hold."""

import os
from pathlib import Path

import keras
import pytest
from keras import layers

from shared import export

pytestmark = pytest.mark.tensorflow


@pytest.mark.parametrize(
    "write",
    [export.export_onnx, export.export_litert, export.export_saved_model],
)
def test_a_folder_whose_name_is_no_utf8_is_refused(model, tmp_path, write):
    folder = os.fsencode(tmp_path) + b"/mod\xe8le"
    os.mkdir(folder)
    with pytest.raises(export.ExportError, match="only paths in UTF-8"):
        write(model, Path(os.fsdecode(folder)) / "model")
    assert os.listdir(folder) == []


def test_mixed_precision_is_refused(tmp_path):
    image = keras.Input((4,), name="x")
    inner = keras.Model(image, layers.Dense(2, dtype="mixed_bfloat16")(image))
    outer = keras.Model(image, inner(image))
    with pytest.raises(export.ExportError, match="float32 policy"):
        export.export_onnx(outer, tmp_path / "model.onnx")
