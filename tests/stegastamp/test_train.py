"""The training command: resume after kill -9, bad flags, restarts."""

import json

import pytest

from tests.training import (
    kill_after_checkpoint,
    outcomes,
    read_curve,
    run,
    write_photos,
)

TRAIN = "stegastamp.train"
TINY = (
    "--height=32 --width=32 --secret_size=4 --batch_size=2 "
    "--steps_per_epoch=5 --learning_rate=0.001"
).split()


@pytest.fixture
def photos(tmp_path):
    return write_photos(tmp_path / "photos")


def arguments(photos, run_dir, *flags):
    return [f"--images_dir={photos}", f"--run_dir={run_dir}", *TINY, *flags]


def curve(run_dir):
    return read_curve(run_dir, "epoch", "stamp_loss", "bit_accuracy")


@pytest.mark.slow
def test_killed_at_any_moment_the_curve_is_that_of_an_unbroken_run(
    photos, tmp_path
):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    case, unbroken = (
        [TRAIN, *arguments(photos, run_dir, "--steps=40")]
        for run_dir in (broken, whole)
    )
    kill_after_checkpoint(broken, *case)
    assert outcomes(case, unbroken)[0] == ["done"] * 2
    assert curve(broken) == curve(whole)
    assert len(curve(whole)) == 8
    for name in ("encoder.weights.h5", "decoder.weights.h5", "curves.png"):
        assert (broken / name).stat().st_size > 0
    assert json.loads((broken / "config.json").read_text())["width"] == 32


@pytest.mark.slow
def test_a_stalled_seed_is_put_aside_and_the_next_one_tried(photos, tmp_path):
    flags = "--steps=20 --patience=5 --max_restarts=1 --learning_rate=0"
    done = run(TRAIN, *arguments(photos, tmp_path / "run", *flags.split()))
    assert done.returncode == 1
    assert "stalled with 2 seeds" in done.stderr
    assert (tmp_path / "run" / "stalled-seed-0" / "metrics.csv").exists()
    assert (tmp_path / "run" / "stalled-seed-1" / "metrics.csv").exists()


@pytest.mark.slow
def test_bad_input_gets_one_line(photos, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "config.json").write_text('{"width": 64}')
    said = {
        "--preset=huge": "preset",
        "--schedule=random": "--schedule",
        "--borders=purple": "borders",
        "--pretrained=nowhere": "--pretrained",
        f"--run_dir={other}": "holds a run with another",
    }
    errors, _ = outcomes(
        *(
            [TRAIN, *arguments(photos, tmp_path / str(n), "--steps=5", flag)]
            for n, flag in enumerate(said)
        )
    )
    for (flag, words), error in zip(said.items(), errors, strict=True):
        assert words in error and "\n" not in error, flag
