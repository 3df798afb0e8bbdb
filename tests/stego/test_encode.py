"""The command that hides: any photo, any text, any bad input."""

import subprocess
import sys

import numpy as np
import pytest

from shared.images import Photo, read_photo, write_photo
from stego import encode
from tests.stegastamp.commands import call
from tests.stego.commands import PHOTO, hide, read


def test_a_text_comes_back_and_the_photo_looks_the_same(tmp_path):
    text = "Meet at nine. Grüße 🙂\n"
    code, out, err = hide(tmp_path / "o.png", text)
    assert code == 0, err
    assert " of 48 tiles" in out and "bytes" in out and "dB" in out
    assert read(tmp_path / "o.png") == (0, text + "\n", "")
    before, after = read_photo(PHOTO).pixels, read_photo(tmp_path / "o.png")
    change = after.pixels.astype(int) - before
    assert 0 < np.abs(change).max() <= 3


@pytest.mark.parametrize("key", [[], ["--key=secret"]])
def test_a_binary_file_comes_back_byte_by_byte(tmp_path, key):
    source, back = tmp_path / "in.bin", tmp_path / "back.bin"
    source.write_bytes(bytes(range(256)))
    output = tmp_path / "o.png"
    code, _, err = call(
        encode,
        f"--image={PHOTO}",
        f"--text_file={source}",
        f"--output={output}",
        *key,
    )
    assert code == 0, err
    assert read(output, f"--output={back}", *key)[0] == 0
    assert back.read_bytes() == source.read_bytes()
    code, out, err = read(output, *key)
    assert code == 1 and not out
    assert "256 bytes that are no text" in err and "--output" in err


@pytest.mark.parametrize("channels", ["gray", "alpha"])
def test_files_keep_gray_and_alpha(tmp_path, channels):
    pixels = read_photo(PHOTO).pixels
    if channels == "gray":
        photo = Photo(np.repeat(pixels[..., :1], 3, -1), gray=True)
    else:
        photo = Photo(pixels, alpha=pixels[..., 1].copy())
    write_photo(tmp_path / "in.png", photo)
    code, _, err = hide(tmp_path / "o.png", "kept", tmp_path / "in.png")
    assert code == 0, err
    assert read(tmp_path / "o.png")[1] == "kept\n"
    after = read_photo(tmp_path / "o.png")
    assert after.gray == photo.gray
    if channels == "alpha":
        np.testing.assert_array_equal(after.alpha, photo.alpha)


def test_text_over_capacity_says_by_how_many_bytes(tmp_path, encoder):
    room = encoder.capacity(read_photo(PHOTO).pixels)
    assert hide(tmp_path / "o.png", "ü" * (room // 2))[0] == 0
    code, _, err = hide(tmp_path / "p.png", "x" * (room + 13))
    assert code == 1 and f"holds {room} bytes" in err and "13 too many" in err
    assert not (tmp_path / "p.png").exists()


@pytest.mark.parametrize("sides", [(1, 1), (31, 500), (32, 32)])
def test_a_photo_without_room_says_so(tmp_path, sides):
    write_photo(tmp_path / "s.png", Photo(np.zeros((*sides, 3), np.uint8)))
    code, _, err = hide(tmp_path / "o.png", "hello", tmp_path / "s.png")
    assert code == 1 and "too many" in err and err.count("\n") == 1
    code, _, err = read(tmp_path / "s.png")
    assert code == 1 and "no message found" in err


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--text="], "--text: is empty"),
        ([], "--text and --text_file"),
        (["--text=a", "--text_file=b"], "--text and --text_file"),
        (["--text_file=missing.txt"], "missing.txt: cannot be read"),
        (["--text=a", "--output=o.jpg"], "JPG changes the pixels"),
        (["--text=a", "--output=o.tif"], "only .png"),
        (["--text=a", "--output=no/such/o.png"], "cannot be written"),
        (["--text=a", "--image=missing.png"], "missing.png: no such file"),
        (["--text=a", "--max_pixels=100"], "--max_pixels"),
        (["--text=a", "--model=nowhere"], "--model=nowhere"),
        (["--text=a", "lost"], "unexpected argument 'lost'"),
    ],
)
def test_bad_input_gets_one_line_and_writes_nothing(
    tmp_path, monkeypatch, flags, words
):
    monkeypatch.chdir(tmp_path)
    given = " ".join(flags)
    if "--image" not in given:
        flags = [*flags, f"--image={PHOTO}"]
    if "--output" not in given:
        flags = [*flags, "--output=o.png"]
    code, out, err = call(encode, *flags)
    assert (code, out) == (1, "")
    assert words in err and err.count("\n") == 1 and "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "empty").write_bytes(b"")
    code, _, err = call(
        encode,
        f"--image={PHOTO}",
        f"--text_file={tmp_path / 'empty'}",
        f"--output={tmp_path / 'o.png'}",
    )
    assert code == 1 and "is empty" in err


@pytest.mark.slow
def test_as_a_person_runs_it(tmp_path):
    def run(name, *flags):
        return subprocess.run(
            [sys.executable, "-m", f"stego.{name}", *map(str, flags)],
            capture_output=True,
            text=True,
        )

    output = tmp_path / "o.png"
    done = run("encode", f"--image={PHOTO}", "--text=hello", "--output", output)
    assert done.returncode == 0, done.stderr
    done = run("decode", f"--image={output}")
    assert (done.returncode, done.stdout) == (0, "hello\n")
    done = run("decode", f"--image={PHOTO}")
    assert done.returncode == 1 and done.stderr.startswith("error: ")
