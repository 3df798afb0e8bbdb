"""Varied photos: what moves, how far, and that a warp follows its photo."""

import cv2
import numpy as np
import pytest

from agns.attack_run import AttackBatches, Photos
from agns.vary import draw_motion, vary


@pytest.fixture
def random():
    return np.random.default_rng(3)


def smooth_face(random):
    noise = random.random((224, 224, 3)).astype(np.float32)
    return cv2.GaussianBlur(noise, (0, 0), 6)


def test_nothing_varies_at_an_amount_of_zero(random):
    face = smooth_face(random)
    same, motion = vary(face, random, 0.0)
    np.testing.assert_allclose(same, face, atol=1e-6)
    np.testing.assert_allclose(motion, np.eye(3), atol=1e-12)


def test_a_motion_is_a_similarity_within_its_bounds(random):
    corners = np.array([[0, 0, 1], [223, 0, 1], [223, 223, 1], [0, 223, 1]]).T
    for _ in range(50):
        motion = draw_motion(224, random, 1.0)
        part = motion[:2, :2]
        scale = np.sqrt(np.linalg.det(part))
        np.testing.assert_allclose(
            part @ part.T, scale**2 * np.eye(2), atol=1e-9
        )
        assert 0.96 <= scale <= 1.04
        assert abs(np.degrees(np.arctan2(part[0, 1], part[0, 0]))) <= 3.0
        centre = motion @ [111.5, 111.5, 1]
        assert np.abs(centre[:2] - 111.5).max() <= 0.02 * 224
        # 2 % of shift, 3 degrees and 4 % together at a corner.
        assert np.abs((motion @ corners - corners)[:2]).max() < 0.1 * 224


def test_a_face_moves_as_its_motion_says(random):
    face = np.zeros((224, 224, 3), np.float32)
    cv2.circle(face, (120, 90), 8, (1, 1, 1), -1, cv2.LINE_AA)
    varied, motion = vary(face, random, 1.0)
    weight = varied[..., 0] - varied[..., 0].min()
    rows, columns = np.indices(weight.shape)
    found = [(weight * part).sum() / weight.sum() for part in (columns, rows)]
    np.testing.assert_allclose(found, (motion @ [120, 90, 1])[:2], atol=0.3)


def test_light_varies_and_stays_in_range(random):
    face = smooth_face(random)
    means = [vary(face, random, 1.0)[0].mean() for _ in range(30)]
    assert np.ptp(means) > 0.1
    white = np.ones((224, 224, 3), np.float32)
    varied, _ = vary(white, random, 1.0)
    assert varied.dtype == np.float32 and 0.0 <= varied.min() <= 1.0
    assert varied.max() <= 1.0


def test_the_canvas_keeps_its_place_in_a_photo_that_moved(random):
    """A pixel of the moved photo shows the canvas where the old one did."""
    faces = np.stack([smooth_face(random)] * 2)
    warp = np.array([[1.1, 0.1, -20], [0, 0.9, 9], [1e-4, 0, 1]], np.float32)
    photos = Photos(faces, faces, np.stack([warp] * 2), np.stack([warp] * 2))
    frames = np.zeros((2, 64, 176, 3), np.uint8)
    batches = AttackBatches(frames, photos, 2, 1, 0, variation=1.0)
    _, _, warps = batches[0]
    random = batches.random(0)
    # The draws that come before those of the photos.
    random.integers(2, size=2), random.permutation(2)
    point = np.array([130.0, 80.0, 1.0])
    for found in warps:
        _, motion = vary(faces[0], random, 1.0)
        here, there = found @ motion @ point, warp @ point
        np.testing.assert_allclose(
            here[:2] / here[2], there[:2] / there[2], atol=0.01
        )


def test_varied_batches_depend_on_their_step_only(random):
    faces = np.stack([smooth_face(random) for _ in range(3)])
    frames = np.zeros((2, 64, 176, 3), np.uint8)
    photos = Photos(faces, faces)
    whole = AttackBatches(frames, photos, 3, 2, 1, variation=1.0)
    whole.on_epoch_end()
    later = AttackBatches(frames, photos, 3, 2, 1, first_step=2, variation=1.0)
    np.testing.assert_array_equal(whole[1][1], later[1][1])
    assert np.abs(whole[0][1] - whole[1][1]).max() > 0.01
