"""Folders of photos: order, depth, sixteen bits, and what is refused."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from shared.errors import UserError
from shared.photo_folders import (
    LeftOut,
    find_photos,
    leave_out_outputs,
    load_folders,
    photos_of,
    survey,
)
from stegastamp.data import load_photos


@pytest.fixture
def folder(tmp_path):
    random = np.random.default_rng(0)
    (tmp_path / "deeper").mkdir()
    for name, shape in (("b.png", (20, 30)), ("deeper/a.png", (40, 24))):
        pixels = random.integers(0, 65536, (*shape, 3), dtype=np.uint16)
        cv2.imwrite(str(tmp_path / name), pixels)
    (tmp_path / "notes.txt").write_text("no photo")
    return tmp_path


def test_photos_come_by_path_in_eight_bits(folder):
    first, second = load_folders([folder])
    assert first.shape == (20, 30, 3) and second.shape == (40, 24, 3)
    assert first.dtype == np.uint8
    stored = cv2.imread(str(folder / "b.png"), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(
        first, (stored[..., ::-1] + np.uint32(128)) // 257
    )
    again = load_folders([folder / "deeper", folder])
    assert [len(photo) for photo in again] == [40, 20, 40]


def test_each_photo_is_prepared_alone(folder):
    flat = load_folders([folder], prepare=lambda photo: photo[:1, :1])
    assert [photo.shape for photo in flat] == [(1, 1, 3)] * 2


def test_a_stamp_training_keeps_photos_small_and_in_proportion(folder):
    small, other = load_photos([folder], 8, 8)
    # 1.6 times the network's 8 pixels on the shorter side.
    assert small.shape == (13, 19, 3) and other.shape == (21, 13, 3)


def test_folders_without_photos_are_named(folder, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="--val_dir: no photo in .*empty"):
        load_folders([tmp_path / "empty"], "val_dir")
    with pytest.raises(UserError, match="--images_dir: .*not a directory"):
        load_folders([tmp_path / "missing"])


def test_what_is_left_out_of_a_folder_is_named(folder, capsys):
    for name in ("a.txt", "b.txt", "c.txt", ".hidden.png"):
        (folder / name).write_text("no photo")
    (folder / ".thumbnails").mkdir()
    photos, left_out = survey(folder)
    assert [path.name for path in photos] == ["b.png"]
    assert left_out.files == (
        ".hidden.png", "a.txt", "b.txt", "c.txt", "notes.txt"
    )  # fmt: skip
    wanted = "5 files (.hidden.png, a.txt, b.txt, ...) and 2 folders"
    assert str(left_out) == wanted
    photos, left_out = survey(folder, depth=1)
    assert [path.name for path in photos] == ["b.png", "a.png"]
    assert left_out.folders == 1
    assert len(load_folders([folder])) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"warning: {folder}: left out 5 files (")
    assert photos_of(folder / "deeper") == [folder / "deeper/a.png"]
    assert capsys.readouterr().err == ""


def test_a_folder_without_a_photo_says_what_it_has(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(UserError, match=r"no photos .*only 1 file \(notes"):
        find_photos(tmp_path)
    with pytest.raises(UserError, match="no such directory"):
        survey(tmp_path / "none")


def test_outputs_are_told_from_photos_by_what_lies_beside_them():
    endings = {"_hidden": (".png", ".jpg"), "_residual": (".png",)}
    names = [
        "a.jpg", "a_hidden.png", "a_residual.png", "a_residual.jpg",
        "b_hidden.png", "c/a.png", "d/a_hidden.png",
    ]  # fmt: skip
    photos, phrases = leave_out_outputs(
        [*map(Path, names)], LeftOut(("x.txt",)), endings
    )
    assert [str(path) for path in photos] == [
        "a.jpg", "a_residual.jpg", "b_hidden.png", "c/a.png", "d/a_hidden.png"
    ]  # fmt: skip
    assert phrases == [
        "2 earlier outputs by name (a_hidden.png, a_residual.png)",
        "1 file (x.txt)",
    ]
