"""Readers of CamVid and Cityscapes: layouts, encodings, every bad input."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from malicious_ae.classes import CAMVID, CITYSCAPES
from malicious_ae.data import (
    Frames,
    list_pairs,
    read_labels,
    read_pair,
    resize_labels,
)
from shared.errors import UserError
from tests.malicious_ae.conftest import draw_frame


def cityscapes(root, labels):
    """One frame in Cityscapes' layout."""
    for part, end, pixels in (
        ("leftImg8bit", "leftImg8bit", np.zeros((*labels.shape, 3), np.uint8)),
        ("gtFine", "gtFine_labelIds", labels),
        ("gtFine", "gtFine_color", labels),
    ):
        folder = root / part / "train" / "bonn"
        folder.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / f"bonn_000_{end}.png"), pixels)
    return root


def test_the_class_lists_are_the_published_ones():
    assert (CAMVID.count, CITYSCAPES.count) == (12, 20)
    assert CAMVID.names[CAMVID.unlabeled] == "unlabeled"
    assert CITYSCAPES.names[CITYSCAPES.unlabeled] == "unlabeled"
    assert CAMVID.colors[CAMVID.index("pavement")] == (60, 40, 222)
    assert CITYSCAPES.colors[CITYSCAPES.index("bicycle")] == (119, 11, 32)
    for classes in (CAMVID, CITYSCAPES):
        assert len(set(classes.colors)) == classes.count
    kept = {c: i for c, i in CITYSCAPES.codes.items() if i}
    assert [kept[c] for c in (7, 8, 11, 17, 19, 28, 31, 33)] == [
        *(1, 2, 3, 6, 7, 16, 17, 19),
    ]
    assert sorted(kept.values()) == list(range(1, 20))
    with pytest.raises(ValueError, match="no class 'dog'"):
        CAMVID.index("dog")


def test_camvid_frames_come_in_order_with_their_labels(camvid):
    frames = Frames("camvid", camvid, "train", 32, 48)
    assert len(frames) == 5
    for seed, (photo, labels) in enumerate(frames):
        wanted_photo, wanted_labels = draw_frame(seed)
        np.testing.assert_array_equal(photo, wanted_photo)
        np.testing.assert_array_equal(labels, wanted_labels)
    assert frames[2] is frames[2]
    fresh = Frames("camvid", camvid, "train", 32, 48, cache=False)
    assert fresh[2] is not fresh[2]


def test_cityscapes_ids_become_classes(tmp_path):
    labels = np.array([[7, 8, 0, 33], [26, 4, 11, 255]], np.uint8)
    root = cityscapes(tmp_path, labels)
    (pair,) = list_pairs("cityscapes", root, "train")
    assert pair.label.name == "bonn_000_gtFine_labelIds.png"
    _, found = read_pair(pair, CITYSCAPES, 2, 4)
    np.testing.assert_array_equal(found, [[1, 2, 0, 19], [14, 0, 3, 0]])


def test_colour_label_maps_are_read_too(tmp_path):
    colors = np.array(
        [[CAMVID.colors[4], CAMVID.colors[11]], [(255, 69, 0), (0, 128, 192)]],
        np.uint8,
    )
    path = tmp_path / "labels.png"
    cv2.imwrite(str(path), colors[..., ::-1])
    # Road markings are road.
    np.testing.assert_array_equal(read_labels(path, CAMVID), [[4, 11], [3, 10]])
    colors[0, 0] = (1, 2, 3)
    cv2.imwrite(str(path), colors[..., ::-1])
    with pytest.raises(UserError, match=r"labels.png.*\(1, 2, 3\)"):
        read_labels(path, CAMVID)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(0, 99),
)
def test_resizing_labels_invents_no_class(rows, columns, height, width, seed):
    labels = np.random.default_rng(seed).choice(
        np.array([0, 5, 11], np.uint8), (rows, columns)
    )
    resized = resize_labels(labels, height, width)
    assert resized.shape == (height, width)
    assert set(np.unique(resized)) <= set(np.unique(labels))


def test_a_label_that_is_no_class_is_named(camvid):
    path = camvid / "trainannot" / "frame01.png"
    cv2.imwrite(str(path), np.full((32, 48), 12, np.uint8))
    with pytest.raises(UserError, match="frame01.png: holds the label 12"):
        list(Frames("camvid", camvid, "train", 32, 48))


def test_sizes_that_differ_are_named(camvid):
    path = camvid / "trainannot" / "frame01.png"
    cv2.imwrite(str(path), np.zeros((30, 48), np.uint8))
    with pytest.raises(UserError, match="is 48 x 30 pixels.*48 x 32"):
        list(Frames("camvid", camvid, "train", 32, 48))


@pytest.mark.parametrize("folder", ["train", "trainannot"])
def test_a_missing_partner_is_named(camvid, folder):
    (camvid / folder / "frame03.png").unlink()
    with pytest.raises(UserError, match="frame03.png: has no partner"):
        list_pairs("camvid", camvid, "train")


def test_a_wrong_layout_says_what_was_expected_where(camvid, tmp_path):
    with pytest.raises(UserError, match="not laid out as cityscapes: .*left"):
        list_pairs("cityscapes", camvid, "train")
    with pytest.raises(UserError, match="is not a directory"):
        list_pairs("camvid", tmp_path / "nowhere", "train")
    with pytest.raises(UserError, match="take --split=val"):
        list_pairs("cityscapes", camvid, "test")
    (camvid / "valannot" / "frame00.png").unlink()
    (camvid / "valannot" / "frame01.png").unlink()
    (camvid / "valannot").rmdir()
    with pytest.raises(UserError, match="expected label maps in .*valannot"):
        list_pairs("camvid", camvid, "val")
    (tmp_path / "empty" / "test").mkdir(parents=True)
    (tmp_path / "empty" / "testannot").mkdir()
    with pytest.raises(UserError, match="holds no photos"):
        list_pairs("camvid", tmp_path / "empty", "test")
