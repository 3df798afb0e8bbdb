"""Grids of images and animations, read back from their files."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from shared.errors import UserError
from shared.grids import image_grid, write_gif, write_png


@given(
    st.integers(1, 20),
    st.integers(1, 6),
    st.integers(0, 3),
    st.integers(1, 3),
    st.sampled_from([1, 3]),
)
def test_every_image_is_found_again_in_its_place(
    count, columns, margin, scale, channels
):
    rng = np.random.default_rng(count)
    images = rng.integers(0, 200, (count, 4, 7, channels), np.uint8)
    sheet = image_grid(images, columns, margin, scale)[::scale, ::scale]
    assert sheet.shape[1] == columns * (7 + margin) + margin
    seen = np.zeros(sheet.shape[:2], bool)
    for index, image in enumerate(images):
        top = margin + (index // columns) * (4 + margin)
        left = margin + (index % columns) * (7 + margin)
        part = (slice(top, top + 4), slice(left, left + 7))
        assert np.array_equal(sheet[part], np.broadcast_to(image, (4, 7, 3)))
        seen[part] = True
    assert (sheet[~seen] == 255).all()


def test_a_grid_is_about_square_by_default():
    sheet = image_grid(np.zeros((16, 5, 5), np.uint8), margin=0)
    assert sheet.shape == (20, 20, 3)


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((0, 4, 4, 1), np.uint8),
        np.zeros((2, 4, 4, 2), np.uint8),
        np.zeros((2, 4, 4, 3), np.float32),
        np.zeros((4, 4), np.uint8),
    ],
)
def test_what_is_no_stack_of_images_is_refused(images):
    with pytest.raises(ValueError, match="`images` must be"):
        image_grid(images)


def test_png_and_gif_hold_what_was_drawn(tmp_path):
    rng = np.random.default_rng(0)
    frames = [
        image_grid(rng.integers(0, 256, (4, 6, 6), np.uint8)) for _ in range(3)
    ]
    write_png(tmp_path / "a.png", frames[0])
    assert np.array_equal(np.array(Image.open(tmp_path / "a.png")), frames[0])
    write_gif(tmp_path / "a.gif", frames, 120, 900)
    with Image.open(tmp_path / "a.gif") as animation:
        assert animation.n_frames == 3
        assert animation.info["loop"] == 0
        shown = []
        for index, frame in enumerate(frames):
            animation.seek(index)
            shown.append(animation.info["duration"])
            read = np.array(animation.convert("RGB"))
            assert np.array_equal(read, frame)
    assert shown == [120, 120, 900]
    with pytest.raises(ValueError, match="at least one frame"):
        write_gif(tmp_path / "b.gif", [])
    with pytest.raises(UserError, match="cannot be written"):
        write_png(tmp_path / "missing" / "a.png", frames[0])
