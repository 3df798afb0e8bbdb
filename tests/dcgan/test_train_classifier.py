"""The judge is trained, and measured as it ships."""

import subprocess
import sys

import numpy as np
import pytest

from dcgan.features import Classifier
from tests.dcgan.models import bars

pytestmark = pytest.mark.tensorflow


@pytest.mark.slow
def test_a_learnable_set_is_learned_and_its_accuracy_stated(tmp_path):
    classes = np.tile(np.arange(10, dtype=np.uint8), 32)
    test = bars(classes[:50], 1)
    np.savez(
        tmp_path / "set.npz",
        x_train=bars(classes, 0),
        y_train=classes,
        x_test=test,
        y_test=classes[:50],
    )
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "dcgan.classifier",
            f"--data_dir={tmp_path / 'set.npz'}",
            f"--run_dir={tmp_path / 'run'}",
            f"--save_dir={tmp_path / 'out'}",
            "--batch_size=16",
            "--epochs=3",
            "--learning_rate=0.003",
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    classifier = Classifier(tmp_path / "out" / "classifier.onnx", threads=1)
    judged = classifier.judge(test[..., None])
    accuracy = np.mean(judged.classes == classes[:50])
    assert accuracy > 0.9
    assert classifier.metadata["test_accuracy"] == pytest.approx(accuracy)
    assert f"test accuracy {accuracy:.4f} on 50 images" in done.stdout
    assert judged.features.shape == (50, 64)
    assert judged.features.min() >= 0 and judged.features.std() > 0.01
    np.testing.assert_allclose(judged.probabilities.sum(1), 1, rtol=1e-5)
