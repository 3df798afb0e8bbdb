"""The judge is fed in its range, and its statistics are right by hand."""

import numpy as np
import pytest

from dcgan.features import Classifier, Judgement, class_statistics
from tests.dcgan.models import (
    bars,
    write_classifier,
)


def test_the_classifier_is_fed_in_its_range_and_order(tmp_path):
    classifier = Classifier(write_classifier(tmp_path / "c.onnx"), threads=1)
    classes = np.array([7, 0, 3, 9])
    judged = classifier.judge(bars(classes, 2)[..., None])
    assert judged.classes.tolist() == classes.tolist()
    assert (judged.confidence > 0.9).all()
    image = np.zeros((1, 28, 28, 1), np.uint8)
    image[0, 4:6] = 255
    np.testing.assert_allclose(
        classifier.judge(image).features[0],
        [1.0 if k == 2 else -1.0 for k in range(10)],
        atol=1e-6,
    )
    assert classifier.class_names[4] == "4"
    for wrong in (image[0], image.astype("float32"), image[:, :20]):
        with pytest.raises(ValueError, match="uint8"):
            classifier.judge(wrong)


def test_class_statistics_by_hand():
    probabilities = np.full((2000, 4), 0.02)
    probabilities[np.arange(2000), [0] * 1000 + [1] * 999 + [2]] = 0.94
    probabilities[:500] = 0.25
    found = class_statistics(Judgement(None, probabilities), 4)
    # One image of 2000 is below a thousandth: class 2 does not count.
    assert found["class_coverage"] == 2
    assert found["class_entropy"] == pytest.approx(0.69710, abs=1e-5)
    assert found["confident"] == 0.75
