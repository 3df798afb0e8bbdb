"""What the encode command writes, the decode command reads."""

import json
import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from shared.images import Photo, read_photo, write_photo
from stegastamp import decode, encode
from tests.stegastamp.commands import call, run

DATA = Path(__file__).parent / "data"


@pytest.fixture
def stamp(model, tmp_path):
    """Calls encode with a model, a place to save, and a message."""

    def stamp(*arguments, secret="Stega!!"):
        return call(
            encode,
            f"--model={model}",
            f"--save_dir={tmp_path / 'out'}",
            f"--secret={secret}",
            *arguments,
        )

    return stamp


@pytest.fixture
def read(model):
    def read(*arguments):
        return call(decode, f"--model={model}", *arguments)

    return read


def _names(directory):
    return sorted(path.name for path in directory.iterdir())


def test_one_photo_as_a_person_would(model, tmp_path):
    out = tmp_path / "out"
    arguments = [
        "--image", DATA / "window.jpg", "--save_dir", out,
        "--secret", "Stega!!", "--model", model, "--timings",
    ]  # fmt: skip
    result = run("encode", *arguments)
    assert (result.returncode, result.stderr) == (0, "")
    first, second = result.stdout.splitlines()
    hidden = out / "window_hidden.png"
    assert first == f"{DATA / 'window.jpg'} -> {hidden}"
    for stage in ("read", "resize", "network", "blend", "write", "check"):
        assert f"{stage} " in second
    assert _names(out) == ["window_hidden.png", "window_residual.png"]
    result = run("decode", "--image", hidden, "--model", model)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith(f"{hidden}: 'Stega!!' (corrected ")


def test_the_residual_picture_is_what_was_added(stamp, tmp_path):
    assert stamp(f"--image={DATA / 'boats.png'}")[0] == 0
    photo = read_photo(DATA / "boats.png").pixels.astype(float)
    stamped = read_photo(tmp_path / "out/boats_hidden.png").pixels
    residual = read_photo(tmp_path / "out/boats_residual.png").pixels
    inside = (stamped > 0) & (stamped < 255) & (residual > 0)
    inside &= residual < 255
    difference = (stamped - photo) - (residual - 127.5)
    assert np.abs(difference[inside]).max() <= 1


def test_a_directory_and_its_reading(stamp, read, tmp_path):
    code, out, err = stamp(f"--images_dir={DATA}")
    assert (code, err) == (0, "")
    assert out.endswith("stamped 3 of 3 photos\n")
    assert len(_names(tmp_path / "out")) == 6
    # The residual pictures beside the photos are left out.
    code, out, _ = read(f"--images_dir={tmp_path / 'out'}", "--json")
    records = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [Path(r["path"]).name for r in records] == [
        "boats_hidden.png", "face_hidden.png", "window_hidden.png"
    ]  # fmt: skip
    for record in records:
        assert record["message"] == "Stega!!"
        assert 0 <= record["corrected_bits"] <= 5
        assert 0 < record["confidence"] <= 1
        assert record["view"] == "whole"


@pytest.mark.parametrize("form", ["png", "jpg", "webp", "tiff"])
def test_formats_hold_the_message(stamp, read, tmp_path, form):
    code, _, err = stamp(
        f"--image={DATA / 'window.jpg'}", f"--format={form}", "--quality=80",
        "--noresidual",
    )  # fmt: skip
    assert (code, err) == (0, "")
    assert _names(tmp_path / "out") == [f"window_hidden.{form}"]
    code, out, _ = read(f"--image={tmp_path / 'out' / f'window_hidden.{form}'}")
    assert code == 0 and "'Stega!!'" in out


def test_a_message_lost_in_the_format_is_not_written(stamp, tmp_path):
    weak = [
        f"--image={DATA / 'window.jpg'}", "--format=jpg", "--quality=1",
        "--strength=0.05",
    ]  # fmt: skip
    code, out, err = stamp(*weak)
    assert (code, out) == (1, "")
    assert err.startswith("error: ") and "cannot be read back" in err
    assert err.count("\n") == 1 and _names(tmp_path / "out") == []
    code, _, err = stamp(*weak, "--check=warn")
    assert code == 0 and err.startswith("warning: ")
    assert len(_names(tmp_path / "out")) == 2
    code, _, err = stamp(*weak, "--check=off", "--overwrite")
    assert (code, err) == (0, "")


def test_a_message_that_is_there_already_is_warned_of(stamp, tmp_path):
    assert stamp(f"--image={DATA / 'window.jpg'}", secret="first")[0] == 0
    hidden = tmp_path / "out" / "window_hidden.png"
    code, out, err = stamp(f"--image={hidden}", secret="second")
    assert code == 0 and "window_hidden_hidden.png" in out
    assert err == (
        f"warning: {hidden}: already carries 'first', which will not be "
        "readable any more\n"
    )
    code, _, err = stamp(f"--image={hidden}", "--overwrite", secret="first")
    assert code == 0 and "already carries this message" in err
    code, _, err = stamp(
        f"--image={hidden}", "--overwrite", "--check=off", secret="third"
    )
    assert (code, err) == (0, "")


@pytest.fixture
def stamp_shipped(tmp_path):
    """Calls encode on pixels, with the weights that ship."""

    def stamp(pixels, *arguments):
        write_photo(tmp_path / "a.png", Photo(pixels), overwrite=True)
        return call(
            encode, f"--image={tmp_path / 'a.png'}", "--secret=Stega!!",
            f"--save_dir={tmp_path / 'out'}", *arguments,
        )  # fmt: skip

    return stamp


def test_a_message_with_nothing_to_spare_is_warned_of(stamp_shipped):
    code, _, err = stamp_shipped(np.full((256, 384, 3), 255, np.uint8))
    assert code == 0
    assert err.startswith("warning: ") and err.count("\n") == 1
    assert err.endswith(
        "the message can be read, but with nothing to spare: it may be lost "
        "after brightness x1.5\n"
    )


def test_a_strength_is_advised_only_if_it_was_tried(stamp_shipped, tmp_path):
    blocks = np.random.default_rng(0).integers(0, 2, (45, 30)) * 255
    page = np.kron(blocks, np.ones((20, 20))).astype(np.uint8)
    code, out, err = stamp_shipped(np.dstack([page] * 3), "--effort=0")
    assert (code, out, _names(tmp_path / "out")) == (1, "", [])
    assert err.startswith("error: ") and err.count("\n") == 1
    assert "cannot carry a message" in err and "--strength" not in err
    photo = read_photo(DATA / "window.jpg").pixels
    code, _, err = stamp_shipped(photo, "--strength=0.05")
    [advised] = re.findall(r"use --strength=([\d.]+)", err)
    assert code == 1
    assert stamp_shipped(photo, f"--strength={advised}")[0] == 0


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("gray", [False, True])
@pytest.mark.parametrize("transparent", [False, True])
def test_gray_depth_and_transparency_are_kept(
    stamp, read, tmp_path, dtype, gray, transparent
):
    pixels = read_photo(DATA / "window.jpg").pixels
    if gray:
        pixels = np.repeat(pixels[..., 1:2], 3, axis=2)
    pixels = pixels.astype(dtype) * (257 if dtype == np.uint16 else 1)
    alpha = pixels[..., 0].copy() if transparent else None
    write_photo(tmp_path / "a.png", Photo(pixels, alpha, gray))
    assert stamp(f"--image={tmp_path / 'a.png'}")[0] == 0
    hidden = read_photo(tmp_path / "out/a_hidden.png")
    assert hidden.pixels.shape == pixels.shape
    assert hidden.pixels.dtype == dtype
    if transparent:
        np.testing.assert_array_equal(hidden.alpha, alpha)
    else:
        assert hidden.gray == gray
    assert read(f"--image={tmp_path / 'out/a_hidden.png'}")[0] == 0


def test_one_bad_photo_does_not_stop_the_batch(stamp, read, tmp_path):
    photos = tmp_path / "photos"
    shutil.copytree(DATA, photos)
    (photos / "broken.jpg").write_bytes((photos / "face.jpg").read_bytes()[:99])
    (photos / "notes.png").write_text("Dear diary\n")
    code, out, err = stamp(f"--images_dir={photos}")
    assert code == 1
    assert out.endswith("stamped 3 of 5 photos\n")
    assert err.count("error: ") == err.count("\n") == 2
    assert "broken.jpg" in err and "notes.png" in err
    assert len(_names(tmp_path / "out")) == 6
    shutil.copy(photos / "notes.png", tmp_path / "out" / "notes.png")
    code, out, err = read(f"--images_dir={tmp_path / 'out'}", "--json")
    records = [json.loads(line) for line in out.splitlines()]
    assert code == 1 and len(records) == 4
    assert ["error" in record for record in records].count(True) == 1


def test_two_photos_of_one_name_do_not_overwrite_each_other(stamp, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for suffix in (".jpg", ".png"):
        cv2.imwrite(
            str(photos / f"same{suffix}"), cv2.imread(str(DATA / "window.jpg"))
        )
    code, out, err = stamp(f"--images_dir={photos}")
    assert code == 1 and "same.png" in err and "rename one" in err
    assert out.endswith("stamped 1 of 2 photos\n")


@pytest.mark.parametrize("name", ["encode", "decode", "demo", "onnx_inference"])
def test_help_names_the_flags_of_the_command(name):
    result = run(name, "--help")
    for flag in ("--image", "--model", "--threads", "--max_pixels"):
        assert f"  {flag}:" in result.stdout
    assert f"python -m stegastamp.{name}" in result.stdout
