"""The judge's network, by the name that it had."""

import pytest

pytestmark = pytest.mark.tensorflow


<<<<<<< HEAD
=======
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


>>>>>>> 741ef8f (--save_dir is where results go in every command; --report_dir and --output_dir go on to work)
def test_the_classifier_has_the_stated_weights_and_outputs():
    from dcgan.classifier import build_classifier

    network = build_classifier()
    assert network.count_params() == 220_234
    assert network.output["features"].shape == (None, 64)
    assert network.output["probabilities"].shape == (None, 10)
