"""Colours, overlays and panels: the right pixel in the right place."""

import numpy as np

from malicious_ae.classes import CAMVID, CITYSCAPES
from malicious_ae.pictures import (
    batch_picture,
    colorize,
    legend,
    overlay,
    panels,
)

LABELS = np.array([[0, 3, 8], [11, 5, 3]], np.uint8)


def test_each_class_has_its_colour():
    colors = colorize(LABELS, CAMVID)
    assert colors.dtype == np.uint8 and colors.shape == (2, 3, 3)
    assert tuple(colors[0, 1]) == (128, 64, 128)
    assert tuple(colors[1, 0]) == (0, 0, 0)


def test_an_overlay_lies_between_photo_and_colours():
    photo = np.full((2, 3, 3), 200, np.uint8)
    np.testing.assert_array_equal(overlay(photo, LABELS, CAMVID, 0.0), photo)
    np.testing.assert_array_equal(
        overlay(photo, LABELS, CAMVID, 1.0), colorize(LABELS, CAMVID)
    )
    assert tuple(overlay(photo, LABELS, CAMVID, 0.5)[1, 0]) == (100, 100, 100)


def test_the_legend_shows_every_colour_at_any_width():
    for classes in (CAMVID, CITYSCAPES):
        for width in (60, 480, 1500):
            picture = legend(classes, width)
            assert picture.shape[1] == width
            seen = {tuple(color) for color in picture.reshape(-1, 3)}
            assert set(classes.colors) <= seen


def test_panels_keep_rows_and_columns():
    random = np.random.default_rng(0)
    rows = [
        [random.integers(0, 256, (10, 90, 3), dtype=np.uint8) for _ in "ab"]
        for _ in range(3)
    ]
    sheet = panels(rows, CAMVID, ("left", "right"))
    for number, row in enumerate(rows):
        top = 22 + 14 * number
        for place, picture in enumerate(row):
            left = 94 * place
            np.testing.assert_array_equal(
                sheet[top : top + 10, left : left + 90], picture
            )


def test_a_batch_shows_frames_above_their_labels():
    images = np.zeros((1, 2, 3, 3), np.float32)
    images[0, 0, 0] = 1.0
    picture = batch_picture(images, LABELS[None], CAMVID)
    np.testing.assert_array_equal(picture[2, 2], (255, 255, 255))
    np.testing.assert_array_equal(picture[4:6, 2:5], colorize(LABELS, CAMVID))
