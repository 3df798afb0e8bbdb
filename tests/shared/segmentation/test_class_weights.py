"""Class weights against PyTorch-ENet's, and where we part from it."""

from pathlib import Path

import numpy as np
import pytest

from shared.segmentation.class_weights import WEIGHINGS, ClassFrequencies

GOLDEN = np.load(Path(__file__).parent / "goldens" / "enet_class_weights.npz")


def frequencies(key="labels"):
    counted = ClassFrequencies(12)
    for batch in GOLDEN[key]:
        counted.add(batch)
    return counted


def test_the_golden_weights():
    counted = frequencies()
    np.testing.assert_allclose(
        counted.enet(), GOLDEN["enet_weighing"], rtol=1e-5
    )
    np.testing.assert_allclose(
        counted.enet(1.1), GOLDEN["enet_weighing_c1p1"], rtol=1e-5
    )
    np.testing.assert_allclose(
        counted.median_frequency(),
        GOLDEN["median_freq_balancing"],
        rtol=1e-5,
    )


def test_an_absent_class_leaves_the_others_finite():
    counted = frequencies("labels_class9_absent")
    np.testing.assert_allclose(
        counted.enet(), GOLDEN["enet_weighing_class9_absent"], rtol=1e-5
    )
    weights = counted.median_frequency()
    assert np.isnan(GOLDEN["median_freq_balancing_class9_absent"]).all()
    assert weights[9] == 0 and np.isfinite(weights).all()
    assert (np.delete(weights, 9) > 0).all()


def test_the_ends_of_the_enet_rule():
    counted = ClassFrequencies(2)
    counted.add(np.zeros((3, 4), int))
    np.testing.assert_allclose(counted.enet(), [1.42, 50.50], atol=0.01)


@pytest.mark.parametrize("weighing", WEIGHINGS)
def test_ignored_classes_weigh_nothing(weighing):
    weights = frequencies().weights(weighing, [11, 0])
    assert weights.dtype == np.float32
    assert weights[11] == weights[0] == 0 and (weights[1:11] > 0).all()


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="no label map"):
        ClassFrequencies(3).enet()
    with pytest.raises(ValueError, match="0 to 2"):
        ClassFrequencies(3).add([0, 3])
    with pytest.raises(ValueError, match="`weighing`"):
        frequencies().weights("best")
