"""Labels and attacks from Python, of photos of any size."""

import cv2
import numpy as np
import pytest

from malicious_ae import Attacker, Segmenter
from malicious_ae.classes import CAMVID
from shared.errors import UserError
from tests.malicious_ae.conftest import draw_frame
from tests.malicious_ae.workplace import reading_victim, save

pytestmark = pytest.mark.tensorflow


HEIGHT, WIDTH = 32, 48


def test_labels_from_python_keep_the_photos_size(workplace):
    segmenter = Segmenter(workplace / "victim")
    assert (segmenter.height, segmenter.width) == (HEIGHT, WIDTH)
    for seed in range(3):
        photo, labels = draw_frame(seed)
        read = segmenter.segment(photo)
        counts = labels != CAMVID.unlabeled
        assert read.dtype == np.uint8
        assert np.mean(read[counts] == labels[counts]) > 0.97
        large = cv2.resize(photo, (150, 110), interpolation=cv2.INTER_NEAREST)
        assert segmenter.segment(large).shape == (110, 150)
    assert segmenter.segment(photo[..., 0]).shape == (HEIGHT, WIDTH)
    for bad in (photo.astype("float32"), photo[None], photo[..., :2]):
        with pytest.raises(ValueError, match="Received"):
            segmenter.segment(bad)


def test_attacks_from_python_keep_the_photos_size(workplace):
    attacker = Attacker(workplace / "attacker")
    photo, _ = draw_frame(1)
    attacked = attacker.attack(photo)
    np.testing.assert_allclose(attacked, 0.7 * photo + 0.12 * 255, atol=0.51)
    large = cv2.resize(photo, (96, 64), interpolation=cv2.INTER_LINEAR)
    changed = attacker.attack(large)
    assert changed.shape == (64, 96, 3)
    assert np.mean(np.abs(changed - (0.7 * large + 0.12 * 255))) < 3
    assert attacker.attack(photo[..., 0]).shape == (HEIGHT, WIDTH, 3)


def test_a_model_whose_metadata_lies_is_refused(workplace, tmp_path):
    folder = save(reading_victim(), tmp_path / "lying", "enet", height=64)
    with pytest.raises(UserError, match="its metadata says"):
        Segmenter(folder)
    folder = save(reading_victim(), tmp_path / "bare", "enet", dataset="kitti")
    with pytest.raises(UserError, match="incomplete"):
        Segmenter(folder)
    with pytest.raises(UserError, match="attacker.onnx: no such model"):
        Attacker(workplace / "victim")
