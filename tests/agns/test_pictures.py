"""The sheet to print is as large as it says."""

import numpy as np
import pytest
from PIL import Image

from agns.frames import load_mask
from agns.marks import MARKS, find_green_marks
from agns.pictures import print_sheet, write_print


def test_the_sheet_has_its_true_size_and_its_marks(tmp_path):
    glasses = np.full((64, 176, 3), -0.9, "float32")
    sheet = print_sheet(glasses, load_mask(), width_mm=136.0)
    write_print(tmp_path / "print.png", sheet)
    with Image.open(tmp_path / "print.png") as image:
        assert image.info["dpi"][0] == pytest.approx(300, abs=0.1)
    frame = np.flatnonzero((sheet < 255).any(axis=(0, 2)))
    millimetres = (frame[-1] - frame[0] + 1) / 300 * 25.4
    assert millimetres == pytest.approx(136, abs=1)
    # A photo of the worn print shows the marks where they belong.
    scale = 136.0 / 165 * 300 / 25.4
    margin = int(10 * 300 / 25.4)
    found = find_green_marks(sheet)
    back = (found + 0.5 - margin) / scale + [29, 56] - 0.5
    assert np.abs(back - MARKS).max() < 0.5
    assert (print_sheet(glasses, load_mask(), marks=False) != 220).all()
