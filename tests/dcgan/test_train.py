"""The training command: files, resume after kill -9, health, bad input."""

import csv
import json

import cv2
import numpy as np
import pytest
from PIL import Image

from dcgan.export import class_names, load_generator
from dcgan.health import ADVICE
from tests import training
from tests.dcgan.models import write_classifier
from tests.dcgan.test_data import write_classes, write_photos
from tests.training import kill_after_checkpoint, succeed

TRAIN = "dcgan.train"


@pytest.fixture
def data(tmp_path):
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (12, 7, 7), np.uint8)
    images = [cv2.resize(image, (28, 28)) for image in small]
    labels = np.zeros(12, np.uint8)
    np.savez(tmp_path / "mnist.npz", x_train=images, y_train=labels)
    return tmp_path / "mnist.npz"


def arguments(data, run_dir, *flags):
    return [
        f"--data_dir={data}",
        f"--run_dir={run_dir}",
        "--preset=quick",
        "--batch_size=4",
        "--steps_per_report=2",
        *flags,
    ]


def outcomes(*cases):
    return training.outcomes(*([TRAIN, *case] for case in cases))


def rows(run_dir):
    with open(run_dir / "metrics.csv", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_killed_at_any_moment_the_run_is_that_of_an_unbroken_one(
    data, tmp_path
):
    # Averaged weights, dropout, batch norm and a classifier all take part.
    classifier = write_classifier(tmp_path / "c.onnx")
    flags = ("--steps=4", f"--classifier={classifier}", "--label_flip=0.1")
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    case, unbroken = (
        arguments(data, run_dir, *flags) for run_dir in (broken, whole)
    )
    kill_after_checkpoint(broken, TRAIN, *case)
    assert outcomes(case, unbroken)[0] == ["done"] * 2
    assert rows(broken) == rows(whole) and len(rows(whole)) == 2
    assert {"fcd", "class_entropy", "diversity"} <= set(rows(whole)[0])
    for name in ("step-00000004.png", "step-00000002.png"):
        grids = [r / "grids" / name for r in (whole, broken)]
        assert grids[0].read_bytes() == grids[1].read_bytes()

    # What a run leaves behind.
    for name in (
        "generator.weights.h5",
        "discriminator.weights.h5",
        "curves.png",
        "players.png",
        "sample_grid.png",
        "config.json",
        "command.txt",
    ):
        assert (broken / name).stat().st_size > 0
    with Image.open(broken / "progress.gif") as animation:
        assert animation.n_frames == 2
    with Image.open(broken / "grids" / "step-00000004.png") as grid:
        assert grid.size == (2 * (4 * 30 + 2),) * 2
    assert json.loads((broken / "config.json").read_text())["images"] == 12


@pytest.mark.slow
def test_failures_are_named_and_bad_input_gets_one_line(data, tmp_path):
    truncated = tmp_path / "truncated.npz"
    truncated.write_bytes(data.read_bytes()[:4000])
    empty = tmp_path / "empty"
    empty.mkdir()
    mixed = write_photos(tmp_path / "mixed", [(64, 64), (80, 64)])
    gray = write_photos(tmp_path / "gray", [(64, 64)] * 2, gray=True)
    other = tmp_path / "other"
    other.mkdir()
    (other / "config.json").write_text('{"beta_1": 0.9}')
    run = tmp_path / "run"
    cases = {
        # The generator may not learn, so the discriminator must win.
        "stopped: ": arguments(
            data,
            tmp_path / "lost",
            "--learning_rate=0",
            "--discriminator_learning_rate=0.003",
            "--average=0",
            "--real_label=1",
            "--steps_per_report=6",
            "--steps=60",
            "--stop_on_failure",
        ),
        "unknown_set": arguments(data, run, "--dataset=unknown_set"),
        "empty: holds no images": arguments(empty, run, "--dataset=folder"),
        "--mixed_sizes": arguments(mixed, run, "--dataset=folder"),
        "is gray, where 3 channels": arguments(gray, run, "--dataset=folder"),
        "truncated.npz: cannot be read": arguments(truncated, run),
        "holds a run with another": arguments(data, other),
        "--batch_size: 13 is more than the 12": arguments(
            data, run, "--batch_size=13"
        ),
        "--steps=0: must be at least 1": arguments(data, run, "--steps=0"),
        "--steps: 1 are fewer": arguments(data, run, "--steps=1"),
        "limit": arguments(data, run, "--limit=-1"),
        "--dropout=1.5: must be at most 0.95": arguments(
            data, run, "--dropout=1.5"
        ),
        "class folders, where 2 to 256": arguments(
            gray / "person0", run, "--dataset=folder", "--conditional"
        ),
        "--channels: 2 is neither": arguments(data, run, "--channels=2"),
        "nowhere.onnx: no such model": arguments(
            data, run, "--classifier=nowhere.onnx"
        ),
    }
    found, printed = outcomes(*cases.values())
    for words, message in zip(cases, found, strict=True):
        assert words in message
    assert not (run / "checkpoints").exists()
    assert len(rows(tmp_path / "lost")) < 10
    # Which way the game is lost is the backend's rounding; advice must follow.
    state = found[0].split("stopped: ")[1].split(";")[0]
    assert f"{state}: {ADVICE[state]}" in printed


@pytest.mark.slow
def test_every_recipe_and_piece_of_advice_trains(data, tmp_path):
    photos = write_photos(tmp_path / "photos", [(64, 64)] * 4)
    photos = (photos, tmp_path / "a", "--dataset=folder", "--steps=2")
    cases = [
        arguments(*photos, "--average=0"),
        arguments(
            data,
            tmp_path / "b",
            "--steps=2",
            "--preset=report",
            "--latent=uniform",
            "--generator_loss=minimax",
            "--resizer=transposed",
            "--precision=mixed_bfloat16",
        ),
        arguments(data, tmp_path / "c", "--steps=2", "--preset=keras_io"),
        arguments(data, tmp_path / "d", "--steps=2", "--preset=conditional"),
    ]
    found, printed = outcomes(*cases)
    assert found == ["done"] * 4
    assert "4 images, 64 x 64 x 3" in printed
    config = json.loads((tmp_path / "a" / "config.json").read_text())
    assert config["resizer"] == "transposed"


@pytest.mark.slow
def test_a_folder_a_class_trains_a_generator_that_is_asked_by_name(tmp_path):
    photos = write_classes(
        tmp_path / "photos", {"cats": 4, "dogs": 3, "owls": 3}
    )
    run = tmp_path / "run"
    succeed(
        TRAIN,
        "--dataset=folder",
        "--channels=1",
        "--preset=conditional",
        f"--data_dir={photos}",
        f"--run_dir={run}",
        "--batch_size=4",
        "--steps_per_report=2",
        "--steps=2",
    )
    config = json.loads((run / "config.json").read_text())
    assert config["class_names"] == ["cats", "dogs", "owls"]
    generator = load_generator(run)
    assert generator.input_shape == (None, 100)
    assert class_names(run) == ("cats", "dogs", "owls")
