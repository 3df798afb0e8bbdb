"""The training command: resume after kill -9, bad flags, restarts."""

import csv
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

TINY = (
    "--height=32 --width=32 --secret_size=4 --batch_size=2 "
    "--steps_per_epoch=5 --learning_rate=0.001"
).split()


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    random = np.random.default_rng(0)
    for index in range(3):
        small = random.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        photo = cv2.resize(small, (64, 48), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(folder / f"{index}.png"), photo)
    return folder


def command(photos, run_dir, *flags):
    return [
        sys.executable,
        "-m",
        "stegastamp.train",
        f"--images_dir={photos}",
        f"--run_dir={run_dir}",
        *TINY,
        *flags,
    ]


def run(*arguments):
    return subprocess.run(
        command(*arguments), capture_output=True, text=True, check=False
    )


def curve(run_dir):
    with open(run_dir / "metrics.csv", newline="") as file:
        return [
            (row["epoch"], row["stamp_loss"], row["bit_accuracy"])
            for row in csv.DictReader(file)
        ]


@pytest.mark.slow
def test_killed_at_any_moment_the_curve_is_that_of_an_unbroken_run(
    photos, tmp_path
):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    done = run(photos, whole, "--steps=40")
    assert done.returncode == 0, done.stderr[-2000:]

    process = subprocess.Popen(
        command(photos, broken, "--steps=40"), stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and process.poll() is None:
        if list(pathlib.Path(broken).glob("checkpoints/step-*")):
            break
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert list(pathlib.Path(broken).glob("checkpoints/step-*"))

    done = run(photos, broken, "--steps=40")
    assert done.returncode == 0, done.stderr[-2000:]
    assert curve(broken) == curve(whole)
    assert len(curve(whole)) == 8
    for name in ("encoder.weights.h5", "decoder.weights.h5", "curves.png"):
        assert (broken / name).stat().st_size > 0
    assert json.loads((broken / "config.json").read_text())["width"] == 32


@pytest.mark.slow
def test_a_stalled_seed_is_put_aside_and_the_next_one_tried(photos, tmp_path):
    done = run(
        photos,
        tmp_path / "run",
        "--steps=20",
        "--patience=5",
        "--max_restarts=1",
        "--learning_rate=0",
    )
    assert done.returncode == 1
    assert "stalled with 2 seeds" in done.stderr
    assert (tmp_path / "run" / "stalled-seed-0" / "metrics.csv").exists()
    assert (tmp_path / "run" / "stalled-seed-1" / "metrics.csv").exists()


@pytest.mark.slow
def test_a_run_of_another_configuration_is_not_touched(photos, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.json").write_text('{"width": 64}')
    done = run(photos, tmp_path / "run", "--steps=5")
    assert done.returncode == 1
    assert "holds a run with another" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "flag,words",
    [
        ("--preset=huge", "preset"),
        ("--schedule=random", "--schedule"),
        ("--borders=purple", "borders"),
        ("--pretrained=nowhere", "--pretrained"),
    ],
)
@pytest.mark.slow
def test_a_bad_flag_gets_one_line(photos, tmp_path, flag, words):
    done = run(photos, tmp_path / "run", "--steps=5", flag)
    assert done.returncode != 0
    assert words in done.stderr and "Traceback" not in done.stderr
