"""SavedModels load without our code and compute what Keras computes."""

import subprocess
import sys

import numpy as np
import pytest

from shared import export
from tests.shared.export.conftest import assert_close

pytestmark = pytest.mark.tensorflow


def test_saved_model_loads_in_a_process_without_keras_or_our_code(
    model, batch, expected, tmp_path
):
    export.export_saved_model(model, tmp_path / "net", version=2)
    np.savez(tmp_path / "in.npz", **batch)
    # Started elsewhere: the layers above cannot be found from there.
    script = f"""
import sys
import numpy as np
import tensorflow as tf
loaded = tf.saved_model.load({str(tmp_path / "net" / "2")!r})
serve = loaded.signatures["serving_default"]
tensors = {{k: tf.constant(v) for k, v in
            np.load({str(tmp_path / "in.npz")!r}).items()}}
np.savez({str(tmp_path / "out.npz")!r},
         **{{k: v.numpy() for k, v in serve(**tensors).items()}})
assert "shared" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=tmp_path)
    assert_close(dict(np.load(tmp_path / "out.npz")), expected)


def test_saved_model_replaces_its_version_and_keeps_others(model, tmp_path):
    for version in (1, 2, 1):
        export.export_saved_model(model, tmp_path / "net", version)
    assert sorted(p.name for p in (tmp_path / "net").iterdir()) == ["1", "2"]
