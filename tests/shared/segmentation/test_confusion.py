"""Confusion matrix and IoU against PyTorch-ENet's, and their own rules."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.segmentation.confusion import Confusion

GOLDEN = np.load(Path(__file__).parent / "goldens" / "enet_metric_iou.npz")
IGNORED = {"": (), "_ignore11": (11,), "_ignore0_11": (0, 11)}


def counted(name, ignored):
    confusion = Confusion(12, ignored)
    if name == "scores":
        confusion.add(GOLDEN["label2"], GOLDEN["scores2_nhwc"].argmax(-1))
        return confusion
    confusion.add(GOLDEN["label"], GOLDEN["pred"])
    if name == "both":
        confusion.add(GOLDEN["label2"], GOLDEN["pred2"])
    return confusion


@pytest.mark.parametrize("name", ["first", "both", "scores"])
@pytest.mark.parametrize("suffix", list(IGNORED))
def test_the_golden_numbers(name, suffix):
    confusion = counted(name, IGNORED[suffix])
    np.testing.assert_array_equal(confusion.counts, GOLDEN[f"conf_{name}"])
    for _ in range(2):  # reading does not change the matrix
        np.testing.assert_allclose(
            confusion.iou(), GOLDEN[f"iou_{name}{suffix}"], rtol=1e-5
        )
        np.testing.assert_allclose(
            confusion.mean_iou(), GOLDEN[f"miou_{name}{suffix}"], rtol=1e-5
        )


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 5), st.integers(0, 60), st.integers(0, 2**32 - 1))
def test_iou_is_intersection_over_union(classes, size, seed):
    random = np.random.default_rng(seed)
    labels, read = random.integers(0, classes, (2, size))
    confusion = Confusion(classes)
    confusion.add(labels, read)
    for index, value in enumerate(confusion.iou()):
        union = np.sum((labels == index) | (read == index))
        if not union:
            assert np.isnan(value)
        else:
            both = np.sum((labels == index) & (read == index))
            assert value == pytest.approx(both / union)
    for index in range(classes):
        mine = read[labels == index]
        for target in (None, 0):
            share = confusion.read_as(index, target)
            hits = mine != index if target is None else mine == target
            if len(mine):
                assert share == pytest.approx(np.mean(hits))
            else:
                assert np.isnan(share)
    if size:
        assert confusion.accuracy() == pytest.approx(np.mean(labels == read))
    else:
        assert np.isnan(confusion.accuracy())
        assert np.isnan(confusion.mean_iou())


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="`ignored`"):
        Confusion(3, [3])
    with pytest.raises(ValueError, match="one shape"):
        Confusion(3).add([0, 1], [0])
    with pytest.raises(ValueError, match="`predictions` must be 0 to 2"):
        Confusion(3).add([0, 1], [0, 3])
    with pytest.raises(ValueError, match="`labels` must be 0 to 2"):
        Confusion(3).add([-1, 1], [0, 1])
