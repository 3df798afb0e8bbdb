"""Bad input: one line on stderr, a non-zero exit, nothing half-written."""

import os
import resource
import shutil
import signal
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

from shared.images import Photo, write_photo
from stegastamp import decode, encode
from tests.stegastamp.commands import call, run
from tests.stegastamp.linear_model import write_linear_model

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_linear_model(tmp_path_factory.mktemp("model"))


def _bomb(path):
    header = b"IHDR" + struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    chunks = [header, b"IDAT" + zlib.compress(bytes(99)), b"IEND"]
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            struct.pack(">I", len(chunk) - 4)
            + chunk
            + struct.pack(">I", zlib.crc32(chunk))
            for chunk in chunks
        )
    )


def _bad_photo(kind, directory):
    path = directory / f"{kind}.png"
    if kind == "directory":
        path.mkdir()
    elif kind == "text":
        path.write_text("Dear diary\n")
    elif kind == "truncated":
        path = directory / "truncated.jpg"
        path.write_bytes((DATA / "window.jpg").read_bytes()[:9000])
    elif kind == "bomb":
        _bomb(path)
    return path


def _encode(model, tmp_path, *arguments, secret="Stega!!"):
    result = call(
        encode,
        f"--model={model}",
        f"--save_dir={tmp_path / 'out'}",
        f"--secret={secret}",
        *arguments,
    )
    written = []
    if (tmp_path / "out").is_dir():
        written = sorted(os.listdir(tmp_path / "out"))
    return *result, written


def _is_one_line(err, *parts):
    assert err.startswith("error: ") and err.count("\n") == 1, err
    for part in parts:
        assert str(part) in err


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("missing", "no such file"),
        ("directory", "is a directory"),
        ("text", "cannot be read as a photo"),
        ("truncated", "cut short"),
        ("bomb", "--max_pixels"),
    ],
)
def test_a_bad_photo(model, tmp_path, kind, reason):
    path = _bad_photo(kind, tmp_path)
    code, out, err, written = _encode(model, tmp_path, f"--image={path}")
    assert (code, out, written) == (1, "", [])
    _is_one_line(err, path, reason)
    code, out, err = call(decode, f"--model={model}", f"--image={path}")
    assert (code, out) == (1, "")
    _is_one_line(err, path, reason)


@pytest.mark.parametrize("size", [(1, 1), (4000, 20)])
def test_a_photo_too_small_to_carry(model, tmp_path, size):
    path = tmp_path / "small.png"
    write_photo(path, Photo(np.zeros((*size, 3), np.uint8)))
    code, _, err, written = _encode(model, tmp_path, f"--image={path}")
    assert (code, written) == (1, [])
    _is_one_line(err, path, "too small")
    # It can be looked at all the same.
    code, out, err = call(decode, f"--model={model}", f"--image={path}")
    assert (code, out, err) == (1, f"{path}: no message found\n", "")


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        ("12345678", "8 bytes"),
        ("ääää", "8 bytes"),
        ("\udcff", "UTF-8"),
        ("", "empty"),
    ],
)
def test_a_bad_message(model, tmp_path, secret, reason):
    code, _, err, written = _encode(
        model, tmp_path, f"--image={DATA / 'face.jpg'}", secret=secret
    )
    assert code == 1
    _is_one_line(err, "--secret", reason)
    assert not (tmp_path / "out").exists()


def test_a_message_of_bytes_that_are_no_text(model, tmp_path):
    result = subprocess.run(
        [
            sys.executable, "-m", "stegastamp.encode",
            "--image", DATA / "face.jpg", "--save_dir", tmp_path / "out",
            "--model", model, b"--secret=\xff\xfe",
        ],
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert result.returncode == 1
    _is_one_line(result.stderr, "--secret", "UTF-8")


def _bad_model(kind, tmp_path):
    if kind == "unknown":
        return "gigantic"
    directory = tmp_path / "model"
    if kind == "empty":
        directory.mkdir()
    elif kind == "other secret":
        write_linear_model(directory, changes={"secret_size": 96})
    else:
        write_linear_model(directory)
        for path in directory.iterdir():
            if kind == "corrupt":
                path.write_bytes(path.read_bytes()[:5000])
            else:
                path.write_text("not a model")
    return directory


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("unknown", "--model=gigantic: no such model"),
        ("empty", "no such model file"),
        ("corrupt", "cannot be loaded"),
        ("text", "cannot be loaded"),
        ("other secret", "has the size 100 where its metadata says 96"),
    ],
)
def test_a_bad_model(tmp_path, kind, reason):
    model = _bad_model(kind, tmp_path)
    photo = f"--image={DATA / 'face.jpg'}"
    code, _, err, written = _encode(model, tmp_path, photo)
    assert (code, written) == (1, [])
    _is_one_line(err, reason)
    code, _, err = call(decode, f"--model={model}", photo)
    assert code == 1
    _is_one_line(err, reason)


@pytest.mark.parametrize("kind", ["empty", "missing", "file"])
def test_a_bad_images_dir(model, tmp_path, kind):
    path = tmp_path / kind
    if kind == "empty":
        path.mkdir()
    elif kind == "file":
        path.touch()
    code, _, err, _ = _encode(model, tmp_path, f"--images_dir={path}")
    assert code == 1
    _is_one_line(err, path)
    code, _, err = call(decode, f"--model={model}", f"--images_dir={path}")
    assert code == 1
    _is_one_line(err, path)


@pytest.mark.parametrize("arguments", [[], ["--image=a.png", "--images_dir=b"]])
def test_neither_or_both_inputs(model, tmp_path, arguments):
    code, _, err, _ = _encode(model, tmp_path, *arguments)
    assert code == 1
    _is_one_line(err, "--image", "--images_dir")


def test_a_save_dir_that_cannot_be_written(model, tmp_path):
    # A file in the way stops root too, whom permissions do not.
    (tmp_path / "out").touch()
    code, _, err, _ = _encode(model, tmp_path, f"--image={DATA / 'face.jpg'}")
    assert code == 1
    _is_one_line(err, tmp_path / "out")


def test_missing_flags_are_named(model):
    photo = f"--image={DATA / 'face.jpg'}"
    code, _, err = call(encode, f"--model={model}", photo, "--secret=a")
    assert code == 1
    _is_one_line(err, "--save_dir")
    code, _, err = call(encode, f"--model={model}", photo, "--save_dir=a")
    assert code == 1
    _is_one_line(err, "--secret")


def test_transparency_does_not_fit_jpg(model, tmp_path):
    pixels = np.full((64, 64, 3), 99, np.uint8)
    path = tmp_path / "a.png"
    write_photo(path, Photo(pixels, pixels[..., 0]))
    code, _, err, written = _encode(
        model, tmp_path, f"--image={path}", "--format=jpg"
    )
    assert (code, written) == (1, [])
    _is_one_line(err, "a_hidden.jpg", "transparency")


def test_a_full_disk_leaves_nothing_behind(model, tmp_path):
    out = tmp_path / "out"
    arguments = [
        "--images_dir", DATA, "--save_dir", out, "--secret", "full",
        "--model", model,
    ]  # fmt: skip

    def limit():
        # The kernel refuses to let any file grow beyond this, in the middle
        # of a write, as a full disk does.
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    result = run("encode", *arguments, preexec_fn=limit)
    assert result.returncode == 1
    assert result.stderr.count("error: ") == result.stderr.count("\n") == 3
    assert "boats_hidden.png: cannot be written" in result.stderr
    assert result.stdout == "stamped 0 of 3 photos\n"
    assert os.listdir(out) == []


def test_ctrl_c_in_a_batch_leaves_whole_files_only(model, tmp_path):
    photos, out = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    shutil.copy(DATA / "window.jpg", photos / "window.jpg")
    # What it says of so many, by such names, no pipe holds: however late the
    # signal comes, it is not done.
    for number in range(600):
        os.link(photos / "window.jpg", photos / f"{number:0100}.jpg")
    process = subprocess.Popen(
        [
            sys.executable, "-m", "stegastamp.encode", "--images_dir", photos,
            "--save_dir", out, "--secret", "stop", "--model", model,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    for _ in range(3):
        process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert (process.returncode, errors) == (130, "error: interrupted\n")
    names = sorted(os.listdir(out))
    assert 3 <= len(names) < 1200
    assert all(name.endswith(".png") for name in names)
    assert not any(name.startswith(".") for name in names)
    # The last one written is whole too.
    last = [out / name for name in names if "_hidden" in name][-1]
    code, _, _ = call(decode, f"--model={model}", f"--image={last}")
    assert code == 0
