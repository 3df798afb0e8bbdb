"""Green marks and homographies, on all six photographs and drawn ones."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agns.marks import (
    MARKS,
    MarksNotFound,
    find_green_marks,
    photo_to_canvas,
)
from shared.images import read_photo
from shared.ops.warp import projective_warp

FOLDER = Path(__file__).parent
PHOTOS = FOLDER.parent.parent / "agns" / "assets" / "marked"


def golden(name):
    with np.load(FOLDER / "goldens" / f"{name}.npz") as arrays:
        return dict(arrays)


def test_marks_of_the_photographs():
    arrays = golden("green_marks_demo")
    for name, centers, homography in zip(
        arrays["file_names"],
        arrays["centers_xy"],
        arrays["homography_f64"],
        strict=True,
    ):
        photo = read_photo(PHOTOS / str(name)).pixels
        assert np.abs(find_green_marks(photo) - centers).max() < 1
        # The reference's matrix goes the other way.
        ours = np.linalg.inv(photo_to_canvas(centers))
        np.testing.assert_allclose(ours / ours[2, 2], homography, atol=1e-3)


@pytest.mark.parametrize("index", range(1, 7))
def test_all_six_photographs_show_seven(index):
    photo = read_photo(PHOTOS / f"aligned_vgg_ms{index}.png").pixels
    centers = find_green_marks(photo)
    assert np.abs(centers - MARKS).max() < 14
    back = (
        np.linalg.inv(photo_to_canvas(centers))
        @ np.append(MARKS, np.ones((7, 1)), axis=1).T
    )
    np.testing.assert_allclose((back[:2] / back[2]).T, centers, atol=2)


def test_marks_of_drawn_images():
    arrays = golden("green_marks_synthetic")
    for image, centers in zip(
        arrays["image_u8"], arrays["centers_xy"], strict=True
    ):
        assert np.abs(find_green_marks(image) - centers).max() <= 1


def draw(centers, side=224):
    image = np.full((side, side, 3), 90, np.uint8)
    for x, y in np.rint(centers).astype(int):
        cv2.rectangle(image, (x - 3, y - 2), (x + 3, y + 2), (40, 220, 60), -1)
    return image


@settings(deadline=None, max_examples=25)
@given(
    st.floats(-8, 8), st.floats(-8, 8), st.floats(0.85, 1.1), st.floats(-4, 4)
)
def test_marks_are_found_wherever_they_are(right, down, zoom, degrees):
    angle = np.deg2rad(degrees)
    turn = zoom * np.array(
        [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    )
    moved = (MARKS - 112) @ turn.T + 112 + [right, down]
    found = find_green_marks(draw(moved))
    assert np.abs(found - moved).max() < 1.5


def test_fewer_marks_are_named():
    with pytest.raises(MarksNotFound, match="shows 5 green marks") as caught:
        find_green_marks(draw(MARKS[:5]))
    assert caught.value.centers.shape == (5, 2)
    with pytest.raises(MarksNotFound, match="none at all"):
        find_green_marks(np.zeros((32, 32, 3), np.uint8))


def test_an_eighth_small_spot_does_not_count():
    image = draw(MARKS)
    image[150:152, 20:22] = (40, 220, 60)
    assert np.abs(find_green_marks(image) - MARKS).max() < 1


def test_marks_on_a_line_are_refused():
    line = np.stack([np.arange(7.0) * 20, np.full(7, 50.0)], axis=1)
    with pytest.raises(ValueError, match="do not span a plane"):
        photo_to_canvas(line)


@pytest.mark.parametrize("index", range(4))
def test_warping_equals_the_reference(index):
    arrays = golden("homography_warp")
    image = arrays["image"][index : index + 1]
    homography = arrays["homography_f64"][index : index + 1].astype("float32")
    ours = np.asarray(projective_warp(image, homography, fill="edge"))
    np.testing.assert_allclose(ours[0], arrays["out"][index], atol=2e-3, rtol=0)
