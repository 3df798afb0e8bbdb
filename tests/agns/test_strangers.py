"""What a threshold makes of known people and of strangers."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from agns import api, strangers
from tests.stegastamp.commands import call

FACES = Path(api.__file__).parent / "assets" / "faces"


def test_rates_by_hand():
    known = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.7, 0.3]])
    labels = np.array([0, 0, 0, 1])
    others = np.array([[0.5, 0.5], [0.99, 0.01]])
    found = strangers.rates(known, labels, others, 0.75)
    assert found == {"right": 0.25, "wrong": 0.25, "unknown": 0.5, "named": 0.5}
    found = strangers.rates(known, labels, others, 0.0)
    assert found == {"right": 0.5, "wrong": 0.5, "unknown": 0.0, "named": 1.0}
    nobody = strangers.rates(known, labels, others[:0], 0.5)
    assert np.isnan(nobody["named"])


@pytest.fixture
def folder(tmp_path):
    """Two people whom openface10 knows, and one under a new name."""
    people = sorted(p for p in FACES.iterdir() if p.is_dir())
    for person in people[:2]:
        shutil.copytree(person, tmp_path / "faces" / person.name)
    shutil.copytree(people[2], tmp_path / "faces" / "Somebody_Else")
    return tmp_path / "faces"


def test_the_table_counts_who_is_known(folder, tmp_path):
    photos = len(list((folder / "Somebody_Else").iterdir()))
    flags = ("--model=openface42", "--threads=1", f"--images_dir={folder}")
    code, out, err = call(strangers, *flags)
    assert (code, err) == (None, "")
    assert f"of 2 known people, {photos} photos of strangers" in out
    cells = [line.strip("| ").split(" | ") for line in out.splitlines()[4:]]
    numbers = np.array(cells, float)
    np.testing.assert_allclose(numbers[:, 1:4].sum(axis=1), 100, atol=0.2)
    # A higher threshold names fewer, of both kinds.
    assert (np.diff(numbers[:, 3]) >= 0).all()
    assert (np.diff(numbers[:, 4]) <= 0).all()
    assert numbers[0, 3] == 0 and numbers[0, 4] == 100
    more = folder / "Somebody_Else"
    _, out, _ = call(strangers, *flags, f"--strangers_dir={more}")
    assert f"{2 * photos} photos of strangers" in out


def test_a_program_gets_the_same_numbers(folder):
    flags = ("--model=openface42", "--threads=1", f"--images_dir={folder}")
    _, table, _ = call(strangers, *flags)
    code, out, err = call(strangers, *flags, "--json")
    assert (code, err) == (None, "")
    found = json.loads(out)
    assert strangers.markdown(found) == table.rstrip()
    assert found["recipe"]["flags"]["model"] == "openface42"
    assert len(found["recipe"]["model_sha256"]["recognizer.onnx"]) == 64


def test_a_folder_of_strangers_alone_is_named(folder):
    for path in list(folder.iterdir()):
        path.rename(path.with_name(f"Not_{path.name}"))
    code, _, err = call(strangers, f"--images_dir={folder}", "--threads=1")
    assert code == 1 and err.count("\n") == 1
    assert "has no folder of anybody whom openface42 knows" in err
    code, _, err = call(strangers)
    assert code == 1 and "--images_dir is missing" in err
