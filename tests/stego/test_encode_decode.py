"""The commands with the shipped weights: any photo, any text, any bad input."""

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from shared.images import Photo, read_photo, write_photo
from stego import api, decode, encode
from tests.stegastamp.commands import call

DATA = Path(__file__).parent / "data"
PHOTO = DATA / "parrots.png"


def hide(output, text="Meet at nine. Grüße 🙂", image=PHOTO, *flags):
    return call(
        encode,
        f"--image={image}",
        f"--text={text}",
        f"--output={output}",
        *flags,
    )


def read(image, *flags):
    return call(decode, f"--image={image}", *flags)


@pytest.fixture(scope="module")
def encoder():
    return api.Encoder(threads=1)


def drawn(kind):
    """Pictures that are hard: nothing to hide in, or no room to step."""
    random = np.random.default_rng(0)
    shape = (128, 160, 3)
    if kind == "white":
        return np.full(shape, 255, np.uint8)
    if kind == "black":
        return np.zeros(shape, np.uint8)
    if kind == "black and white":
        return (255 * random.integers(0, 2, shape)).astype(np.uint8)
    if kind == "noise":
        return random.integers(0, 256, shape, dtype=np.uint8)
    picture = np.zeros(shape, np.uint8)
    cv2.putText(picture, "text", (5, 80), 0, 2, (255, 255, 255), 3)
    return picture


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


@pytest.mark.parametrize(
    "kind", ["white", "black", "black and white", "noise", "drawing"]
)
def test_every_picture_keeps_a_full_message(encoder, kind):
    picture = drawn(kind)
    data = np.random.default_rng(1).bytes(encoder.capacity(picture))
    hidden = encoder.encode(picture, data, is_text=False)
    assert encoder.decoder.decode(hidden.image).data == data
    assert hidden.used_tiles == hidden.tiles == 20
    assert hidden.corrected_bits == 0


@pytest.mark.parametrize("channels", ["gray", "alpha", "one", "colour"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_gray_alpha_and_deep_photos_keep_their_kind(encoder, channels, dtype):
    pixels = read_photo(PHOTO).pixels.astype(dtype)
    if dtype == np.uint16:
        pixels = (pixels * 257 - 3 * (pixels > 9)).astype(dtype)
    image = {
        "gray": pixels[..., 0],
        "one": pixels[..., :1],
        "colour": pixels,
        "alpha": np.dstack([pixels, pixels[..., 1]]),
    }[channels]
    hidden = encoder.encode(image, b"kept", "key")
    assert hidden.image.shape == image.shape
    assert hidden.image.dtype == image.dtype
    assert encoder.decoder.decode(hidden.image, "key").text == "kept"
    if channels == "alpha":
        np.testing.assert_array_equal(hidden.image[..., 3], image[..., 3])
    if dtype == np.uint16:
        np.testing.assert_array_equal(hidden.image & 255, image & 255)
    with pytest.raises(api.NoMessage):
        encoder.decoder.decode(image, "key")


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


def test_capacity_grows_with_the_area(encoder):
    sides = [64, 128, 256, 512]
    rooms = [encoder.capacity(np.zeros((s, s, 3), np.uint8)) for s in sides]
    assert rooms[0] > 30 and rooms[3] > 3.9 * rooms[2] > 15 * rooms[1]


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


def test_a_corrupt_model_is_named(tmp_path):
    model = tmp_path / "model"
    model.mkdir()
    for name in ("alice", "bob"):
        content = (api.WEIGHTS / "modern" / f"{name}.onnx").read_bytes()
        (model / f"{name}.onnx").write_bytes(content[: len(content) // 2])
    code, _, err = hide(tmp_path / "o.png", "a", PHOTO, f"--model={model}")
    assert code == 1 and "alice.onnx: cannot be loaded" in err
    code, _, err = read(PHOTO, f"--model={model}")
    assert code == 1 and "bob.onnx: cannot be loaded" in err


def test_a_player_under_another_s_name_is_refused(tmp_path):
    for name, other in (("alice", "bob"), ("bob", "alice")):
        content = (api.WEIGHTS / "modern" / f"{other}.onnx").read_bytes()
        (tmp_path / f"{name}.onnx").write_bytes(content)
    code, _, err = read(PHOTO, f"--model={tmp_path}")
    assert code == 1 and "holds the network 'alice' where 'bob'" in err


def test_a_photo_that_cannot_keep_the_message_is_refused(
    encoder, monkeypatch, tmp_path
):
    # An Alice who does nothing, as an unlucky one would to some photo.
    monkeypatch.setattr(
        encoder._alice, "run", lambda cover, message: cover.copy()
    )
    with pytest.raises(ValueError, match="cannot keep the message"):
        encoder.encode(read_photo(PHOTO).pixels, b"lost")
    monkeypatch.undo()
    assert encoder.encode(read_photo(PHOTO).pixels, b"kept").corrected_bits == 0


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.zeros((64, 64, 3), np.float32), "whole"),
        (np.zeros((64, 64, 2), np.uint8), "shape"),
        (np.zeros((64,), np.uint8), "shape"),
    ],
)
def test_arrays_that_are_no_photo_are_refused(encoder, image, words):
    with pytest.raises(ValueError, match=words):
        encoder.decoder.decode(image)


def test_the_caller_s_array_is_left_alone(encoder):
    pixels = read_photo(PHOTO).pixels
    before = pixels.copy()
    encoder.encode(pixels, b"somewhere else")
    np.testing.assert_array_equal(pixels, before)


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
