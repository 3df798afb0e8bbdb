"""What a batch does with the files that a person has: it loses none."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from shared.images import Photo, read_photo, write_photo
from stegastamp import decode, demo, encode, onnx_inference
from tests.stegastamp.commands import call
from tests.stegastamp.linear_model import write_linear_model

DATA = Path(__file__).parent / "data"
FACE = DATA / "face.jpg"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_linear_model(tmp_path_factory.mktemp("model"))


@pytest.fixture
def photos(tmp_path):
    """A folder with one photo, cat.jpg."""
    folder = tmp_path / "photos"
    folder.mkdir()
    shutil.copy(FACE, folder / "cat.jpg")
    return folder


@pytest.fixture
def stamp(model):
    def stamp(source, save_dir, *arguments, secret="Stega!!"):
        flag = "images_dir" if Path(source).is_dir() else "image"
        return call(
            encode,
            f"--model={model}",
            f"--{flag}={source}",
            f"--save_dir={save_dir}",
            f"--secret={secret}",
            *arguments,
        )

    return stamp


@pytest.fixture
def read(model):
    def read(source, *arguments):
        flag = "images_dir" if Path(source).is_dir() else "image"
        return call(
            decode, f"--model={model}", f"--{flag}={source}", *arguments
        )

    return read


def _contents(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}


def test_a_photo_of_the_users_is_not_taken_for_a_result(stamp, photos):
    shutil.copy(DATA / "boats.png", photos / "cat_hidden.png")
    before = _contents(photos)
    code, out, err = stamp(photos, photos)
    assert code == 1 and err.count("\n") == 1
    assert "cat_hidden.png: exists" in err and "--overwrite" in err
    assert out == (
        "stamped 0 of 1 photos; left out 1 earlier output by name "
        "(cat_hidden.png)\n"
    )
    assert _contents(photos) == before
    code, out, err = stamp(photos, photos, "--overwrite")
    assert (code, err) == (0, "")
    assert _contents(photos)["cat.jpg"] == before["cat.jpg"]


def test_a_second_run_stamps_nothing_twice(stamp, photos):
    assert stamp(photos, photos)[0] == 0
    before = _contents(photos)
    assert len(before) == 3
    code, out, err = stamp(photos, photos)
    assert (code, err) == (0, "")
    first, summary = out.splitlines()
    assert first.endswith("cat_hidden.png: already stamped: skipped")
    assert summary.startswith("stamped 0 of 1 photos; skipped 1 already")
    assert "2 earlier outputs by name" in summary
    assert _contents(photos) == before
    # Another message is another stamp.
    code, _, err = stamp(photos, photos, secret="other")
    assert code == 1 and "exists" in err and _contents(photos) == before


@pytest.mark.parametrize("check", ["error", "warn", "off"])
def test_a_stopped_batch_goes_on(stamp, photos, tmp_path, check):
    out = tmp_path / "out"
    assert stamp(photos, out, f"--check={check}")[0] == 0
    shutil.copy(DATA / "boats.png", photos / "dog.png")
    code, text, err = stamp(photos, out, f"--check={check}")
    assert (code, err) == (0, "")
    assert "cat_hidden.png: already stamped" in text
    assert text.endswith("stamped 1 of 2 photos; skipped 1 already stamped\n")
    assert len(_contents(out)) == 4


def test_one_photo_replaces_nothing(stamp, tmp_path):
    assert stamp(FACE, tmp_path)[0] == 0
    before = _contents(tmp_path)
    code, out, err = stamp(FACE, tmp_path)
    assert (code, out) == (1, "") and "face_hidden.png: exists" in err
    assert _contents(tmp_path) == before
    (tmp_path / "face_hidden.png").unlink()
    code, out, err = stamp(FACE, tmp_path)
    assert (code, out) == (1, "") and "face_residual.png: exists" in err
    assert "face_hidden.png" not in _contents(tmp_path)
    assert stamp(FACE, tmp_path, "--overwrite")[0] == 0
    assert _contents(tmp_path) == before


def test_the_photo_itself_is_never_replaced(stamp, tmp_path):
    photo = tmp_path / "face_hidden.jpg"
    shutil.copy(FACE, photo)
    (tmp_path / "face.jpg").symlink_to(photo)
    arguments = ["--overwrite", "--format=jpg"]
    code, _, err = stamp(tmp_path / "face.jpg", tmp_path, *arguments)
    assert code == 1 and "never replaced" in err and err.count("\n") == 1
    assert photo.read_bytes() == FACE.read_bytes()


def test_names_that_differ_in_case_are_one(stamp, photos, tmp_path):
    shutil.copy(FACE, photos / "CAT.jpg")
    if len(os.listdir(photos)) < 2:
        pytest.skip("this disk takes the two names for one")
    code, out, err = stamp(photos, tmp_path / "out")
    assert code == 1 and "cat.jpg" in err and "CAT.jpg; rename one" in err
    assert out.endswith("stamped 1 of 2 photos\n")


def test_both_files_or_none(stamp, photos, tmp_path):
    out = tmp_path / "out"
    (out / "cat_residual.png").mkdir(parents=True)
    for arguments in ([], ["--overwrite"]):
        code, text, err = stamp(photos, out, *arguments)
        assert code == 1 and "cat_residual.png" in err
        assert err.count("\n") == 1
        assert os.listdir(out) == ["cat_residual.png"]


def test_the_summary_says_what_was_left_out(stamp, read, photos, tmp_path):
    shutil.copy(FACE, photos / "no suffix")
    (photos / "notes.txt").write_text("Dear diary")
    (photos / "film.mov").write_bytes(bytes(99))
    (photos / "more").mkdir()
    code, out, err = stamp(photos, tmp_path / "out")
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == (
        "stamped 2 of 2 photos; left out 2 files (film.mov, notes.txt) and 1 "
        "folder"
    )
    _, _, err = read(photos)
    assert err == "left out 2 files (film.mov, notes.txt) and 1 folder\n"


def test_only_residuals_are_left_out_of_a_reading(stamp, read, tmp_path):
    folder = tmp_path / "out"
    assert stamp(FACE, folder, "--strength=3")[0] == 0
    assert stamp(DATA / "boats.png", folder, "--noresidual")[0] == 0
    # A stamped photo under the name that a residual would have.
    shutil.copy(folder / "boats_hidden.png", folder / "x_hidden.png")
    (folder / "boats_hidden.png").rename(folder / "x_residual.png")
    code, out, err = read(folder, "--json")
    assert code == 0
    paths = [Path(json.loads(line)["path"]).name for line in out.splitlines()]
    assert paths == ["face_hidden.png", "x_hidden.png", "x_residual.png"]
    assert err == "left out 1 residual picture (face_residual.png)\n"


def test_names_of_files_cannot_write_to_the_terminal(stamp, read, tmp_path):
    name = "a\x1b]0;x\x07\nb\u202e.jpg"
    photo = tmp_path / name
    shutil.copy(FACE, photo)
    shown = r"a\x1b]0;x\x07\nb\u202e.jpg"
    for code, out, err in (
        stamp(photo, tmp_path / "out"),
        read(photo),
        read(tmp_path / (name + "none")),
    ):
        assert "\x1b" not in out + err and "\u202e" not in out + err
        assert (out + err).count("\n") == 1 and code in (0, 1)
    assert shown in read(photo)[1]


def test_json_of_a_path_that_is_not_utf8(read, tmp_path):
    raw = os.fsencode(tmp_path) + b"/bad\xff.jpg"
    try:
        shutil.copy(os.fsencode(FACE), raw)
    except OSError:
        pytest.skip("this disk holds UTF-8 names only")
    code, out, _ = read(os.fsdecode(raw), "--json")
    assert code == 1 and out.isascii()
    record = json.loads(out)
    assert bytes.fromhex(record["path_bytes"]) == raw
    assert record["path"].endswith(r"bad\udcff.jpg") and record["notes"] == []


def test_onnx_inference_replaces_nothing(model, tmp_path):
    arguments = [f"--model={model}", "--encode", f"--image={FACE}"]
    arguments += [f"--save_dir={tmp_path}"]
    assert call(onnx_inference, *arguments)[0] == 0
    code, _, err = call(onnx_inference, *arguments)
    assert code == 1 and "face_hidden.png: exists" in err
    assert call(onnx_inference, *arguments, "--overwrite")[0] == 0


def test_a_demo_replaces_a_demo_and_nothing_else(model, tmp_path):
    arguments = [f"--model={model}", f"--save_dir={tmp_path}"]
    picture = Photo(np.zeros((8, 8, 3), np.uint8))
    write_photo(tmp_path / "stamped.png", picture)
    code, _, err = call(demo, *arguments)
    assert code == 1 and "stamped.png: exists" in err
    assert os.listdir(tmp_path) == ["stamped.png"]
    (tmp_path / "stamped.png").unlink()
    for secret in ("one", "two"):
        code, _, err = call(demo, *arguments, f"--secret={secret}")
        assert (code, err) == (0, "")
    assert len(os.listdir(tmp_path)) == 8
    (tmp_path / "cover.png").unlink()
    assert call(demo, *arguments)[0] == 1
    assert call(demo, *arguments, "--overwrite")[0] == 0
    # The photo that is shown is not replaced by its own copy.
    code, _, err = call(demo, *arguments, f"--image={tmp_path / 'cover.png'}")
    assert code == 1 and "never replaced" in err
    assert read_photo(tmp_path / "cover.png").pixels.shape == (512, 768, 3)
