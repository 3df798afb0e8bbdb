"""Views: what they cut from a photo, and how many there are."""

import numpy as np
import pytest

from shared.images import resize_area
from stegastamp.attacks import rotate
from stegastamp.views import View, count_views, cropped, list_views, look


def _smooth(height, width):
    """A photo without detail, so that sampling leaves no error of its own."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return np.stack([x / width, y / height, (x + y) / (width + height)], axis=2)


def test_the_whole_view_changes_nothing():
    image = _smooth(64, 80)
    np.testing.assert_allclose(
        look(resize_area(image, 64, 80), View("whole"), 32, 40),
        resize_area(image, 32, 40),
        atol=1e-6,
    )


@pytest.mark.parametrize("share", [0.05, 0.1, 0.15])
def test_a_view_puts_a_cropped_photo_back_in_its_place(share):
    image = _smooth(600, 800)
    rows, columns = round(600 * share), round(800 * share)
    seen = image[rows : 600 - rows, columns : 800 - columns]
    view = cropped(*[share] * 4)
    result = look(resize_area(seen, 128, 160), view, 64, 80)
    expected = resize_area(image, 64, 80)
    inside = np.s_[
        round(64 * share) + 2 : -round(64 * share) - 2,
        round(80 * share) + 2 : -round(80 * share) - 2,
    ]
    np.testing.assert_allclose(result[inside], expected[inside], atol=2e-3)
    # What was cropped away repeats the edge.
    np.testing.assert_array_equal(result[0], result[1])


def test_a_view_turns_before_it_cuts():
    copy = _smooth(64, 64)
    turned = look(copy, View("turned 90", turns=1), 32, 32)
    expected = look(np.ascontiguousarray(np.rot90(copy)), View(""), 32, 32)
    np.testing.assert_array_equal(turned, expected)


def test_moved_corners_show_another_part():
    offsets = np.array([[0.1, 0.05]] * 4)
    moved = View("whole").moved(offsets)
    assert moved.name == "aligned, whole"
    result = look(_smooth(200, 400), moved, 100, 200)
    # Everything lies a tenth further right and a twentieth further down.
    np.testing.assert_allclose(result[50, 100, 0], 0.6, atol=5e-3)
    np.testing.assert_allclose(result[50, 100, 1], 0.55, atol=5e-3)


def test_the_mirrored_view_undoes_a_mirror():
    image = _smooth(64, 80)
    [mirrored] = [v for v in list_views()[0] if v.name == "mirrored"]
    np.testing.assert_allclose(
        look(resize_area(image[:, ::-1], 64, 80), mirrored, 32, 40),
        resize_area(image, 32, 40),
        atol=1e-5,
    )


@pytest.mark.parametrize("degrees", [-6.0, 3.0, 6.0])
@pytest.mark.parametrize("size", [(300, 500), (500, 300)])
def test_a_view_turns_a_photo_back(degrees, size):
    image = _smooth(*size)
    turned = rotate(np.rint(255 * image).astype(np.uint8), degrees) / 255
    [view] = [view for view in list_views()[0] if view.degrees == -degrees]
    copy = resize_area(turned.astype(np.float32), 128, 160)
    found = look(copy, view, 64, 80, aspect=size[1] / size[0])
    expected = resize_area(image, 64, 80)
    np.testing.assert_allclose(
        found[16:-16, 20:-20], expected[16:-16, 20:-20], atol=0.02
    )


def test_the_lists_of_views():
    assert count_views("fast") == 13
    assert count_views("thorough") == 31
    assert count_views("thorough", rotations=True) == 52
    groups = list_views("thorough", rotations=True)
    everything = [view for group in groups for view in group]
    assert len(set(everything)) == len({v.name for v in everything}) == 52
    assert everything[0].name == "whole"
    with pytest.raises(ValueError, match="views"):
        list_views("all")


def test_a_wider_setting_begins_with_what_the_narrower_ones_do():
    fast, thorough = list_views("fast"), list_views("thorough")
    assert thorough[: len(fast)] == fast
    assert list_views("fast", True)[: len(fast)] == fast
    assert list_views("thorough", True)[: len(thorough)] == thorough
    assert list_views("fast", True)[-1] == list_views("thorough", True)[-1]
