"""The training commands: data, resume after kill -9, results."""

import json

import numpy as np
import pytest

from agns.data import FaceBatches, FrameBatches
from agns.frames import load_frames
from agns.people import find_people
from agns.report import accuracy_table, confusion_matrix
from tests.agns import tiny
from tests.training import (
    case_text,
    kill_after_checkpoint,
    outcomes,
    read_curve,
)

SMALL = "tests.agns.small"


@pytest.fixture
def people(tmp_path):
    return find_people(tiny.write_people(tmp_path / "faces"))


@pytest.mark.parametrize("photos_each", [1, 2])
def test_a_batch_of_faces_depends_on_its_step_only(people, photos_each):
    def batches(**kwargs):
        return FaceBatches(
            people, 32, -1.0, 4, seed=7, photos_each=photos_each, **kwargs
        )

    whole = batches()
    assert len(whole) == 3
    whole.on_epoch_end()
    later = batches(first_step=3)
    for one, other in zip(whole[2], later[2], strict=True):
        np.testing.assert_array_equal(one, other)
    faces, labels, weights = whole[0]
    assert faces.shape == (4, 32, 32, 3) and faces.dtype == np.float32
    assert -1 <= faces.min() < faces.max() <= 1
    np.testing.assert_allclose(weights, 1.0)
    if photos_each == 2:
        assert labels[0] == labels[1] and labels[2] == labels[3]


def test_an_epoch_shows_every_photo(people):
    batches = FaceBatches(people, 32, -1.0, 4, seed=7, augment=False)
    seen = [face.tobytes() for i in range(3) for face in batches[i][0]]
    assert len(set(seen)) == 12


def test_rare_people_weigh_more(people):
    fewer = [people[0], *people[1:]]
    fewer[0] = type(people[0])("Rare", people[0].train[:1], people[0].test)
    batches = FaceBatches(fewer, 32, -1.0, 9, seed=0)
    weights = {}
    _, labels, found = batches[0]
    for label, weight in zip(labels, found, strict=True):
        weights[int(label)] = float(weight)
    assert weights[0] == pytest.approx(4 * weights[1])
    total = sum(weights[label] * n for label, n in ((0, 1), (1, 4), (2, 4)))
    assert total == pytest.approx(9)


def test_half_of_the_faces_wear_glasses_in_defence(people, tmp_path):
    red = np.zeros((1, 64, 176, 3), np.uint8)
    red[..., 0] = 255
    batches = FaceBatches(
        people, 224, 0.0, 12, seed=0, augment=False, glasses=red
    )
    worn = [(face[58, 60] == [1, 0, 0]).all() for face in batches[0][0]]
    assert 2 < sum(worn) < 10


def test_a_batch_of_frames_depends_on_its_step_only(tmp_path):
    frames = load_frames(tiny.write_frames(tmp_path / "frames", 6))
    whole, later = (
        FrameBatches(frames, 2, seed=1, first_step=first) for first in (0, 3)
    )
    assert len(whole) == 3
    whole.on_epoch_end()
    np.testing.assert_array_equal(whole[1], later[1])
    assert whole[0].min() == -1.0 and whole[0].max() <= 1.0


def test_the_table_counts():
    found = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])
    labels = np.array([0, 1, 1])
    table = accuracy_table(found, labels, ["Anna", "Ben"])
    assert (table["right"], table["photos"]) == (2, 3)
    assert table["people"] == {"Anna": 1.0, "Ben": 0.5}
    assert table["true_probability"] == pytest.approx((0.9 + 0.4 + 0.8) / 3)
    np.testing.assert_array_equal(
        confusion_matrix(found, labels), [[1, 0], [1, 1]]
    )


def flags_of(**values):
    return [f"--{name}={value}" for name, value in values.items()]


@pytest.mark.slow
def test_a_killed_recognizer_goes_on_as_if_nothing_had_happened(tmp_path):
    faces = tiny.write_people(tmp_path / "faces")
    settings = {
        "images_dir": faces,
        "size": 32,
        "batch_size": 4,
        "epochs": 6,
        "test_every": 2,
    }
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    case, unbroken = (
        ["agns.train_recognizer", *flags_of(run_dir=run_dir, **settings)]
        for run_dir in (broken, whole)
    )
    kill_after_checkpoint(broken, SMALL, standard_input=case_text(case))
    ended, out = outcomes(case, unbroken, module=SMALL)
    assert ended == ["done"] * 2
    assert out.count("of 3 held-out photos recognised") == 2
    assert (
        read_curve(broken) == read_curve(whole) and len(read_curve(whole)) == 6
    )
    table = json.loads((broken / "evaluation.json").read_text())
    assert table["photos"] == 3
    for name in ("recognizer.weights.h5", "confusion.png", "curves.png"):
        assert (broken / name).stat().st_size > 0


@pytest.mark.slow
def test_triplets_first_then_names(tmp_path):
    faces = tiny.write_people(tmp_path / "faces")
    settings = {"images_dir": faces, "size": 32, "batch_size": 4, "epochs": 1}
    first, second = tmp_path / "first", tmp_path / "second"
    ended, out = outcomes(
        [
            "agns.train_recognizer",
            *flags_of(run_dir=first, stage="triplet", **settings),
        ],
        [
            "agns.train_recognizer",
            *flags_of(run_dir=second, pretrained=first, **settings),
        ],
    )
    assert ended == ["done"] * 2
    assert f"--pretrained {first}" in out
    assert not (first / "recognizer.weights.h5").exists()


@pytest.mark.slow
def test_a_killed_eyeglass_training_goes_on(tmp_path):
    frames = tiny.write_frames(tmp_path / "frames", 6)
    settings = {"images_dir": frames, "batch_size": 2, "epochs": 5}
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    case, unbroken = (
        ["agns.train_eyeglasses", *flags_of(run_dir=run_dir, **settings)]
        for run_dir in (broken, whole)
    )
    kill_after_checkpoint(broken, *case)
    assert outcomes(case, unbroken)[0] == ["done"] * 2
    assert (
        read_curve(broken) == read_curve(whole) and len(read_curve(whole)) == 5
    )
    assert len(list((whole / "samples").glob("*.png"))) == 5
    assert (whole / "samples.gif").stat().st_size > 0
