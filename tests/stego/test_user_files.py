"""Nobody's file is lost, and no message writes to the terminal."""

import os
import pty
import shutil
import subprocess
import sys

import numpy as np
import pytest

from shared.images import Photo, read_photo, write_photo
from stego import encode
from stego.tiles import cut_tiles, paste_tiles
from tests.stegastamp.commands import call
from tests.stego.commands import PHOTO, read


def hide(output, *flags, image=PHOTO, text="hello"):
    text = [] if text is None else [f"--text={text}"]
    return call(encode, f"--image={image}", f"--output={output}", *text, *flags)


def test_an_existing_file_is_replaced_only_if_asked(tmp_path):
    output = tmp_path / "o.png"
    output.write_bytes(b"mine")
    code, out, err = hide(output)
    assert (code, out) == (1, "") and err.count("\n") == 1
    assert "o.png: exists; name another, or --overwrite" in err
    assert output.read_bytes() == b"mine"
    assert hide(output, "--overwrite")[0] == 0
    back = tmp_path / "letter.txt"
    back.write_bytes(b"mine")
    code, out, err = read(output, f"--output={back}")
    assert (code, out) == (1, "") and "letter.txt: exists" in err
    assert back.read_bytes() == b"mine"
    assert read(output, f"--output={back}", "--overwrite")[0] == 0
    assert back.read_bytes() == b"hello"


def test_what_is_read_is_never_replaced(tmp_path):
    photo, letter = tmp_path / "a.png", tmp_path / "letter.png"
    shutil.copy(PHOTO, photo)
    letter.write_bytes(b"a letter")
    (tmp_path / "link.png").symlink_to(photo)
    for output, flags in [
        (photo, ["--text=hi"]),
        (tmp_path / "link.png", ["--text=hi"]),
        (letter, [f"--text_file={letter}"]),
    ]:
        code, _, err = hide(
            output, "--overwrite", *flags, image=photo, text=None
        )
        assert code == 1 and "never replaced" in err and err.count("\n") == 1
    assert hide(tmp_path / "o.png", image=photo)[0] == 0
    target = f"--output={tmp_path / 'o.png'}"
    code, _, err = read(tmp_path / "o.png", target, "--overwrite")
    assert code == 1 and "never replaced" in err
    assert photo.read_bytes() == PHOTO.read_bytes()


def test_a_message_that_lies_about_being_text(encoder, tmp_path):
    data = b"\xff\xfe no text"
    photo = read_photo(PHOTO).array
    indices, bits = encoder.decoder.codec(photo).encode(data, is_text=True)
    size = encoder.decoder.output_size
    tiles = encoder.hide(cut_tiles(photo, size, indices), bits)
    hidden = photo.copy()
    paste_tiles(hidden, tiles, indices)
    message = encoder.decoder.decode(hidden)
    assert (message.data, message.is_text) == (data, False)
    write_photo(tmp_path / "o.png", Photo(hidden))
    code, out, err = read(tmp_path / "o.png")
    assert (code, out) == (1, "") and err.count("\n") == 1
    assert "10 bytes that are no text" in err and "--output" in err
    back = tmp_path / "back"
    assert read(tmp_path / "o.png", f"--output={back}")[0] == 0
    assert back.read_bytes() == data


def test_the_encoder_takes_text_and_refuses_what_is_none(encoder):
    photo = read_photo(PHOTO).array
    hidden = encoder.encode(photo, "Grüße").image
    found = encoder.decoder.decode(hidden)
    assert (found.text, found.is_text) == ("Grüße", True)
    np.testing.assert_array_equal(
        hidden, encoder.encode(photo, "Grüße".encode()).image
    )
    for data in (b"\xff\xfe", "\udcff"):
        with pytest.raises(ValueError, match="(?i)utf-8"):
            encoder.encode(photo, data)
    binary = encoder.encode(photo, b"\xff\xfe", is_text=False).image
    assert encoder.decoder.decode(binary).data == b"\xff\xfe"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A picture whose message moves the cursor; and that message."""
    text = "\x1b]0;pwned\x07\x1b[2Jé π\r\n\tend\u202e"
    path = tmp_path_factory.mktemp("hostile") / "o.png"
    assert hide(path, text=text)[0] == 0
    return path, text


def _command(path):
    return [sys.executable, "-m", "stego.decode", f"--image={path}"]


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_another_program_gets_the_text_byte_by_byte(hostile, encoding):
    path, text = hostile
    result = subprocess.run(
        _command(path),
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": encoding},
    )
    assert (result.returncode, result.stderr) == (0, b"")
    assert result.stdout == text.encode("utf-8") + b"\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("encoding", "letters"), [("ascii", r"\xe9 \u03c0"), ("utf-8", "é π")]
)
def test_a_terminal_gets_no_commands(hostile, encoding, letters):
    path, _ = hostile
    ours, theirs = pty.openpty()
    result = subprocess.run(
        _command(path),
        stdout=theirs,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONIOENCODING": encoding},
    )
    os.close(theirs)
    shown = os.read(ours, 10_000).decode("utf-8")
    os.close(ours)
    assert result.returncode == 0
    # A terminal shows a line feed as a carriage return and a line feed.
    assert shown == (
        rf"\x1b]0;pwned\x07\x1b[2J{letters}\r" + "\r\n\tend\\u202e\r\n"
    )
    assert result.stderr.startswith(b"warning: ")
    assert result.stderr.count(b"\n") == 1 and b"--output" in result.stderr
