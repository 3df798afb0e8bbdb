"""The command: grids, folders, walks, and every bad flag in one line."""

import numpy as np
import pytest
from PIL import Image

from dcgan import generate
from dcgan.api import Generator
from tests.dcgan.models import write_generator
from tests.stegastamp.commands import call


@pytest.fixture
def model(tmp_path):
    write_generator(tmp_path / "model")
    return tmp_path / "model"


def test_a_grid_and_a_folder_hold_the_same_images(model, tmp_path):
    grid, folder = tmp_path / "new" / "grid.png", tmp_path / "images"
    for output in (grid, folder):
        code, out, err = call(
            generate,
            f"--model={model}",
            "--count=5",
            "--seed=3",
            f"--output={output}",
        )
        assert (code, err) == (None, ""), err
        assert out == f"5 images -> {output}\n"
    expected = Generator(model).generate(5, 3)[..., 0]
    names = sorted(p.name for p in folder.iterdir())
    assert names == [f"{i:05}.png" for i in range(5)]
    for name, image in zip(names, expected, strict=True):
        with Image.open(folder / name) as file:
            assert file.mode == "L"
            np.testing.assert_array_equal(np.array(file), image)
    with Image.open(grid) as file:
        picture = np.array(file)[::2, ::2]
    # 3 columns of 28 pixels with margins of 2.
    assert picture.shape == (2 * 30 + 2, 3 * 30 + 2, 3)
    np.testing.assert_array_equal(picture[32:60, 32:60, 0], expected[4])


def test_files_that_are_there_stay_unless_asked(model, tmp_path):
    grid, folder = tmp_path / "grid.png", tmp_path / "images"
    folder.mkdir()
    for output, path in ((grid, grid), (folder, folder / "00001.png")):
        path.write_bytes(b"mine")
        flags = (f"--model={model}", "--count=2", f"--output={output}")
        code, _, err = call(generate, *flags)
        assert code == 1 and f"{path.name}: exists" in err
        assert path.read_bytes() == b"mine"
        assert not (folder / "00000.png").exists()
        assert call(generate, *flags, "--overwrite")[0] is None
        assert path.read_bytes() != b"mine"


def test_the_same_seed_writes_the_same_bytes(model, tmp_path):
    written = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        path = tmp_path / f"{name}.png"
        call(generate, f"--model={model}", f"--seed={seed}", f"--output={path}")
        written.append(path.read_bytes())
    assert written[0] == written[1] != written[2]


def test_a_class_is_drawn_when_asked(tmp_path):
    model, out = tmp_path / "model", tmp_path / "out"
    names = ["ant", "1", "zebra"]
    write_generator(model, classes=3, class_names=names)
    flags = (f"--model={model}", "--count=1", f"--output={out}")
    code, _, err = call(generate, *flags, "--label=3")
    assert code == 1 and "--label=3" in err and "classes 0 to 2" in err
    assert "ant, 1, zebra" in err
    assert call(generate, *flags, "--label=2")[0] is None
    with Image.open(out / "00000.png") as file:
        found = np.array(file)
    expected = Generator(model).generate(1, label=2)[0, ..., 0]
    np.testing.assert_array_equal(found, expected)
    before = (out / "00000.png").read_bytes()
    for label, same in (("zebra", True), ("1", False)):
        code, _, _ = call(generate, *flags, f"--label={label}", "--overwrite")
        assert code is None
        assert ((out / "00000.png").read_bytes() == before) == same
    # A name comes before a number.
    assert Generator(model).class_names[1] == "1"


def test_colour_is_written_as_colour(tmp_path):
    write_generator(tmp_path / "colour", size=8, channels=3)
    call(
        generate,
        f"--model={tmp_path / 'colour'}",
        "--count=1",
        f"--output={tmp_path / 'out'}",
    )
    with Image.open(tmp_path / "out" / "00000.png") as file:
        found = np.array(file)
    expected = Generator(tmp_path / "colour").generate(1)[0]
    np.testing.assert_array_equal(found, expected)


def test_walks_are_rows_from_one_image_to_the_next(model, tmp_path):
    path = tmp_path / "walks.png"
    code, _, err = call(
        generate,
        f"--model={model}",
        "--count=2",
        "--walk_steps=4",
        "--interpolate",
        "--scale=1",
        f"--output={path}",
    )
    assert (code, err) == (None, "")
    with Image.open(path) as file:
        picture = np.array(file)[..., 0]
    assert picture.shape == (2 * 30 + 2, 4 * 30 + 2)
    ends = Generator(model).generate(3)[..., 0]
    for row, column, end in ((0, 0, 0), (0, 3, 1), (1, 0, 1), (1, 3, 2)):
        top, left = 2 + 30 * row, 2 + 30 * column
        cell = picture[top : top + 28, left : left + 28]
        assert np.abs(cell.astype(int) - ends[end]).max() <= 1


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("--count=0", "--count=0: must be at least 1"),
        ("--count=-4", "--count=-4: must be at least 1"),
        ("--seed=-1", "--seed=-1"),
        ("--walk_steps=1", "--walk_steps=1"),
        ("--model=nowhere", "--model=nowhere: no such model"),
        ("--output=", "--output is missing"),
        ("--label=1", "was told no classes"),
    ],
)
def test_a_bad_flag_gets_one_line_and_no_file(model, tmp_path, flag, words):
    out = tmp_path / "out"
    code, printed, err = call(
        generate, f"--model={model}", f"--output={out}", flag
    )
    assert code == 1 and printed == "" and not out.exists()
    assert err.startswith("error: ") and err.count("\n") == 1 and words in err
