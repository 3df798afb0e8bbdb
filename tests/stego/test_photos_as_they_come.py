"""A text goes into phone JPEGs and every other kind of photo, and comes out."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shared.images import read_photo
from stego import decode, encode
from tests.photos_as_they_come import heic, other_files, phone_jpegs
from tests.stegastamp.commands import call

PHOTO = Path(__file__).parent / "data" / "parrots.png"


def picture():
    with Image.open(PHOTO) as photo:
        return photo.convert("RGB")


def hide_and_read(tmp_path, name, data):
    """Hides a text in a file and reads it: (photo, hidden photo, stderr)."""
    source, output = tmp_path / name, tmp_path / "hidden.png"
    source.write_bytes(data)
    code, _, err = call(
        encode, f"--image={source}", "--text=phone", f"--output={output}"
    )
    assert code == 0, err
    code, text, _ = call(decode, f"--image={output}")
    assert (code, text) == (0, "phone\n")
    return read_photo(source), read_photo(output), err


@pytest.mark.parametrize("name", sorted(phone_jpegs(picture())))
def test_phone_jpegs(tmp_path, name):
    hide_and_read(tmp_path, name, phone_jpegs(picture())[name])


@pytest.mark.parametrize("name", sorted(other_files(picture())))
def test_every_other_photo(tmp_path, name):
    before, after, err = hide_and_read(
        tmp_path, name, other_files(picture())[name]
    )
    assert after.bit_depth == before.bit_depth and after.gray == before.gray
    if before.alpha is None:
        assert after.alpha is None
    else:
        np.testing.assert_array_equal(after.alpha, before.alpha)
    changed = after.array.astype(int) - before.array
    assert (
        0 < np.abs(changed).max() <= 16 * (257 if before.bit_depth == 16 else 1)
    )
    assert ("only the first of 2 frames" in err) == (name == "two.gif")


def test_heic_with_the_extra_package(tmp_path):
    hide_and_read(tmp_path, "a.HEIC", heic(picture()))
