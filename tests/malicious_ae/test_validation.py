"""Validation: right counts, the best network kept, both ends measured."""

import keras
import numpy as np
from keras import layers

from malicious_ae.validation import Validation, measure


def brightness_reader():
    """Reads a pixel as class 1 if it is bright."""
    image = keras.Input((4, 6, 3))
    conv = layers.Conv2D(2, 1)
    model = keras.Model(image, conv(image))
    conv.set_weights([np.ones((1, 1, 3, 2)) * [-1, 1], np.array([3.0, 0])])
    return model


def frames(count, wrong=0):
    """Frames of dark and bright pixels, some of them labelled wrong."""
    random = np.random.default_rng(0)
    for index in range(count):
        labels = random.integers(0, 2, (4, 6)).astype(np.uint8)
        photo = np.stack([255 * labels] * 3, -1)
        yield photo, 1 - labels if index < wrong else labels


def test_every_frame_counts_once_whatever_the_batch():
    reader = brightness_reader()
    for batch_size in (1, 2, 5):
        confusion = measure(reader, list(frames(3)), [], batch_size)
        assert confusion.counts.sum() == 3 * 24
        assert confusion.mean_iou() == 1.0
    third = measure(reader, list(frames(3, wrong=1)), [])
    assert abs(third.accuracy() - 2 / 3) < 1e-9


def test_the_best_is_kept_and_the_ends_measured(tmp_path):
    reader, path = brightness_reader(), tmp_path / "best.weights.h5"
    validation = Validation(
        lambda: reader, list(frames(2)), [], 2, best_path=path
    )
    validation.set_model(reader)
    validation.set_params({"epochs": 5})
    logs = [{} for _ in range(5)]
    for epoch in range(5):
        if epoch == 2:  # the network forgets
            reader.set_weights([-w for w in reader.get_weights()])
        validation.on_epoch_end(epoch, logs[epoch])
    assert [entry["val_miou"] for entry in logs] == [1.0, 1.0, 1.0, 0.0, 0.0]
    assert validation.get_state()["best_epoch"] == 1
    assert "epoch 1" in validation.describe()
    reader.load_weights(path)
    assert measure(reader, list(frames(2)), []).mean_iou() == 1.0


def test_a_resumed_run_does_not_overwrite_a_better_network(tmp_path):
    reader, path = brightness_reader(), tmp_path / "best.weights.h5"
    state = {"miou": 0.5, "best_miou": 1.5, "best_epoch": 7}
    validation = Validation(lambda: reader, list(frames(2)), [], 1, state, path)
    validation.set_model(reader)
    validation.set_params({"epochs": 9})
    validation.on_epoch_end(7, {})
    assert not path.exists()
    assert validation.get_state()["best_epoch"] == 7
