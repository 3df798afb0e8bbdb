"""Masks, frames, sheets to print."""

import cv2
import numpy as np
import pytest

from agns.frames import load_frames, load_mask, place, wear
from shared.errors import UserError
from shared.ranges import levels_to_signed
from tests.agns import tiny


def test_the_mask_is_the_papers():
    mask = load_mask()
    assert mask.sum() == 3370
    rows, columns = np.nonzero(mask)
    assert (rows.min(), rows.max()) == (56, 111)
    assert (columns.min(), columns.max()) == (29, 193)


def test_bad_masks_are_refused(tmp_path):
    path = tmp_path / "mask.png"
    cv2.imwrite(str(path), np.zeros((96, 90), np.uint8))
    with pytest.raises(UserError, match="is 90 x 96 pixels; a mask has 224"):
        load_mask(path)
    cv2.imwrite(str(path), np.full((224, 224), 255, np.uint8))
    with pytest.raises(UserError, match="black elsewhere"):
        load_mask(path)


def test_frames_are_cropped_and_placed_back(tmp_path):
    folder = tiny.write_frames(tmp_path / "frames")
    frames = load_frames(folder)
    assert frames.shape == (4, 64, 176, 3)
    assert load_frames(folder, limit=2).shape[0] == 2
    mask = load_mask()
    canvas = place(levels_to_signed(frames), mask)
    first = cv2.imread(str(folder / "0.png"))[..., ::-1] / 127.5 - 1
    on = mask > 0
    np.testing.assert_allclose(canvas[0][on], first[on], atol=1e-5)
    assert (canvas[0][~on] == -1).all()


def test_frames_of_another_size_are_refused(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(UserError, match="is 64 x 64 pixels"):
        load_frames(tmp_path)


def test_only_the_frame_covers_the_face():
    random = np.random.default_rng(0)
    face = random.random((1, 224, 224, 3)).astype("float32")
    white = np.ones((1, 64, 176, 3), "float32")
    mask = load_mask()
    worn = wear(white, face, mask)[0]
    assert (worn[mask > 0] == 1).all()
    np.testing.assert_array_equal(worn[mask == 0], face[0][mask == 0])
