"""Drawn pages: of every kind, the same ones for a seed, none replaced."""

import cv2
import numpy as np
import pytest

from stegastamp import draw_pages
from stegastamp.draw_pages import KINDS, SIDES, draw
from tests.stegastamp.commands import call


def pixels(file):
    return cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_COLOR)


@pytest.mark.parametrize("number", range(len(KINDS)))
def test_a_picture_depends_on_its_number_and_seed(number):
    kind, file = draw(number, seed=3)
    assert kind == list(KINDS)[number]
    picture = pixels(file)
    np.testing.assert_array_equal(picture, pixels(draw(number, seed=3)[1]))
    other = pixels(draw(number, seed=4)[1])
    assert picture.shape != other.shape or (picture != other).any()
    assert SIDES[0] <= min(picture.shape[:2])
    assert max(picture.shape[:2]) <= SIDES[1]
    # Something is drawn, and most of it is flat.
    colours, counts = np.unique(
        picture.reshape(-1, 3), axis=0, return_counts=True
    )
    assert len(colours) > 2 and counts.max() > 0.1 * counts.sum()


def test_the_command_writes_pictures_and_replaces_none(tmp_path):
    pages = tmp_path / "pages"
    arguments = ["--count=2", "--seed=5", f"--save_dir={pages}"]
    assert call(draw_pages, *arguments)[0] is None
    names = ["chart_5_0001.png", "page_5_0000.png"]
    assert sorted(path.name for path in pages.iterdir()) == names
    code, _, err = call(draw_pages, *arguments)
    assert code == 1 and "exists" in err
    code, _, err = call(draw_pages)
    assert code == 1 and "--save_dir" in err
