"""The command that reads: what is no message is never a wrong text."""

import pytest

from shared.images import Photo, read_photo, write_photo
from tests.stego.commands import PHOTO, hide, read


def test_a_wrong_key_finds_nothing(tmp_path):
    output = tmp_path / "o.png"
    assert hide(output, "for you", PHOTO, "--key=right")[0] == 0
    for flags in (["--key=wrong"], []):
        code, out, err = read(output, *flags)
        assert (code, out) == (1, "")
        assert "no message found" in err and err.count("\n") == 1
    assert read(output, "--key=right")[1] == "for you\n"


def test_an_image_without_a_message_says_so():
    code, out, err = read(PHOTO)
    assert (code, out) == (1, "")
    assert err.startswith("error: ") and "no message found" in err


@pytest.mark.parametrize("tiles", [1, 4, 20])
def test_a_damaged_message_is_never_a_wrong_text(tmp_path, encoder, tiles):
    text = "All or nothing. " * 30
    pixels = read_photo(PHOTO).pixels
    image = encoder.encode(pixels, text.encode()).image
    for index in range(tiles):
        y, x = divmod(7 * index % 48, 8)
        image[32 * y : 32 * y + 32, 32 * x : 32 * x + 32] //= 2
    write_photo(tmp_path / "damaged.png", Photo(image))
    code, out, err = read(tmp_path / "damaged.png")
    assert (code, out) == (1, "")
    assert "damaged" in err or "no message" in err
    assert err.count("\n") == 1 and "Traceback" not in err


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_a_lossy_copy_has_no_message(tmp_path, encoder, suffix):
    pixels = read_photo(PHOTO).pixels
    image = encoder.encode(pixels, b"gone with the wind").image
    write_photo(tmp_path / f"copy{suffix}", Photo(image))
    code, out, _ = read(tmp_path / f"copy{suffix}")
    assert (code, out) == (1, "")
