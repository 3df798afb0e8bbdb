"""Phone JPEGs and every other kind of photo are stamped, and read again."""

from pathlib import Path

import pytest
from PIL import Image

from shared.image_decoder import decode as decode_file
from shared.images import read_photo
from stegastamp import decode, encode
from tests.photos_as_they_come import heic, other_files, phone_jpegs
from tests.stegastamp.commands import call
from tests.stegastamp.linear_model import write_linear_model

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_linear_model(tmp_path_factory.mktemp("model"))


def stamp(folder, model, suffix):
    """Stamps a folder's photos and reads them; the lines on stderr."""
    out = folder / f"out_{suffix}"
    code, said, err = call(
        encode,
        f"--images_dir={folder}",
        f"--save_dir={out}",
        "--secret=phone",
        f"--format={suffix}",
        f"--model={model}",
        "--noresidual",
    )
    assert "Traceback" not in err and "libpng" not in err
    assert code == 0, err
    for path in sorted(out.iterdir()):
        assert decode_file(path.read_bytes(), 10**6).kind.lower() == {
            "jpg": "jpeg"
        }.get(suffix, suffix)
    code, _, _ = call(decode, f"--images_dir={out}", f"--model={model}")
    assert code == 0
    return len(list(out.iterdir())), said, err


def write(folder, files):
    folder.mkdir()
    for number, (name, data) in enumerate(files.items()):
        (folder / f"{number:02} {name}").write_bytes(data)
    return folder


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tiff"])
def test_phone_jpegs_are_stamped(tmp_path, model, suffix):
    with Image.open(DATA / "window.jpg") as picture:
        files = phone_jpegs(picture.convert("RGB"))
    folder = write(tmp_path / "photos", files)
    count, said, err = stamp(folder, model, suffix)
    assert count == len(files)
    assert f"stamped {count} of {count} photos" in said
    for words in ("gain map", "motion photo", "MPF"):
        assert words in err


@pytest.mark.parametrize("suffix", ["png", "tiff", "webp"])
def test_every_other_photo_is_stamped(tmp_path, model, suffix):
    with Image.open(DATA / "window.jpg") as picture:
        files = other_files(picture.convert("RGB"))
    folder = write(tmp_path / "photos", files)
    count, _, err = stamp(folder, model, suffix)
    assert count == len(files)
    assert "only the first of 2 frames is taken" in err
    for path in sorted(folder.glob("*.*")):
        before = read_photo(path)
        (target,) = (folder / f"out_{suffix}").glob(f"{path.stem}_hidden.*")
        after = read_photo(target)
        assert (after.alpha is None) == (before.alpha is None), path
        if suffix != "webp":
            assert after.bit_depth == before.bit_depth, path
            assert after.gray == before.gray, path


def test_a_photo_that_jpeg_cannot_hold_is_refused_and_the_others_are_not(
    tmp_path, model
):
    with Image.open(DATA / "window.jpg") as picture:
        files = other_files(picture.convert("RGB"))
    files = {name: files[name] for name in ("alpha.png", "cmyk.jpg")}
    folder = write(tmp_path / "photos", files)
    code, said, err = call(
        encode,
        f"--images_dir={folder}",
        f"--save_dir={tmp_path / 'out'}",
        "--secret=phone",
        "--format=jpg",
        f"--model={model}",
    )
    assert code == 1 and "stamped 1 of 2 photos" in said
    assert ".jpg cannot hold transparency" in err
    assert "converted from CMYK" in err


def test_heic_is_stamped_with_the_extra_package(tmp_path, model):
    with Image.open(DATA / "window.jpg") as picture:
        folder = write(
            tmp_path / "photos", {"a.HEIC": heic(picture.convert("RGB"))}
        )
    assert stamp(folder, model, "png")[0] == 1
