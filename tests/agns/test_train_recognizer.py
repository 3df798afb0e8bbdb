"""The training of a recogniser: resume after kill -9, results."""

import json
from pathlib import Path

import numpy as np
import pytest

from agns.models import answers, load_recognizer
from agns.networks import build_openface, embedding_of
from agns.train_recognizer import begin_embedding
from shared.errors import UserError
from tests.agns import tiny
from tests.training import (
    case_text,
    flags_of,
    kill_after_checkpoint,
    outcomes,
    read_curve,
)

SMALL = "tests.agns.small"


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


def test_a_training_begins_with_the_embedding_of_a_model_that_ships():
    network = build_openface(3)
    begin_embedding(network, Path("openface10"))
    shipped, _ = load_recognizer("openface10")
    random = np.random.default_rng(0)
    faces = random.uniform(-1, 1, (2, 96, 96, 3)).astype("float32")
    np.testing.assert_allclose(
        answers(embedding_of(network), faces),
        answers(embedding_of(shipped), faces),
        atol=1e-5,
    )


def test_a_folder_without_an_embedding_is_named(tmp_path):
    network = build_openface(3)
    with pytest.raises(UserError, match="--pretrained=nowhere: no such model"):
        begin_embedding(network, Path("nowhere"))
    tiny.write_config(
        tmp_path, architecture="openface", people=["A", "B"], size=96
    )
    with pytest.raises(UserError, match="recognizer.weights.h5"):
        begin_embedding(network, tmp_path)
