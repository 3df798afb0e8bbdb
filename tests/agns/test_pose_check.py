"""Aligned faces pass, photos that are not aligned get a warning."""

import numpy as np
import pytest

from agns import api
from agns.frames import load_mask, wear
from agns.pose_check import FEATURES, PoseCheck, edge_features
from tests.agns.faces import as_in_a_photo, shipped_faces


@pytest.fixture(scope="module")
def faces():
    return shipped_faces()


def turned(face):
    return np.ascontiguousarray(np.rot90(face))


def moved(face):
    return np.roll(face, 40, axis=0)


def test_aligned_faces_pass_with_and_without_glasses(faces):
    check = PoseCheck()
    assert np.mean(check.scores(faces) > 0) >= 0.97
    glasses = api.Generator().glasses(len(faces))
    worn = wear(glasses, faces / np.float32(255), load_mask())
    worn = np.rint(255 * worn).astype(np.uint8)
    assert np.mean(check.scores(worn) > 0) >= 0.97


@pytest.mark.parametrize("change", [as_in_a_photo, turned, moved])
def test_faces_elsewhere_in_the_picture_are_seen(faces, change):
    scores = PoseCheck().scores(np.stack([change(face) for face in faces]))
    assert np.mean(scores <= 0) >= 0.95


def test_pictures_without_a_face_are_seen():
    random = np.random.default_rng(0)
    noise = random.integers(0, 256, (20, 224, 224, 3), np.uint8)
    flat = np.full((1, 224, 224, 3), 120, np.uint8)
    assert (PoseCheck().scores(np.concatenate([noise, flat])) <= 0).all()


def test_features_are_shares_of_edges_by_place_and_direction():
    picture = np.zeros((56, 56, 3), np.uint8)
    picture[:, 28:] = 200  # an upright edge: its slope goes across
    features = edge_features(picture).reshape(14, 14, 8)
    assert features.size == FEATURES
    assert np.sum(features**2) == pytest.approx(1.0, abs=1e-5)
    assert (features[:, [6, 7]].sum(axis=(1, 2)) > 0).all()
    assert features[:, :5].max() == features[:, 9:].max() == 0
    assert features[..., 1:].max() < 1e-3
    np.testing.assert_allclose(
        edge_features(255 - picture), features.ravel(), atol=1e-4
    )
