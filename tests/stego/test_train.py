"""The training command: resume after kill -9, bad flags, what export takes."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

TINY = "--batch_size=2 --steps_per_epoch=4 --threads=1".split()


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
        "stego.train",
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
        names = ("epoch", "alice_bob_loss", "eve_loss", "image_weight")
        return [[row[name] for name in names] for row in csv.DictReader(file)]


@pytest.mark.slow
def test_killed_at_any_moment_the_curve_is_that_of_an_unbroken_run(
    photos, tmp_path
):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    flags = ("--steps=24", "--preset=residual", "--target_bits=0.5")
    done = run(photos, whole, *flags)
    assert done.returncode == 0, done.stderr[-2000:]

    process = subprocess.Popen(
        command(photos, broken, *flags), stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and process.poll() is None:
        if list(broken.glob("checkpoints/step-*")):
            break
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert list(broken.glob("checkpoints/step-*"))

    done = run(photos, broken, *flags)
    assert done.returncode == 0, done.stderr[-2000:]
    assert curve(broken) == curve(whole)
    assert len(curve(whole)) == 6
    for name in ("alice", "bob", "eve"):
        assert (broken / f"{name}.weights.h5").stat().st_size > 0
    assert json.loads((broken / "config.json").read_text())["msg_len"] == 100


@pytest.mark.slow
@pytest.mark.parametrize(
    "flag,words",
    [
        ("--preset=huge", "preset"),
        ("--output_size=48", "--output_size=48: must be 32 or 64"),
        ("--msg_len=0", "--msg_len=0: must be positive"),
        ("--msg_len=1025", "--msg_len"),
        ("--pretrained=nowhere", "nowhere"),
        ("--eve_optimizer=lion", "eve_optimizer"),
    ],
)
def test_a_bad_flag_gets_one_line(photos, tmp_path, flag, words):
    done = run(photos, tmp_path / "run", "--steps=4", flag)
    assert done.returncode != 0
    assert words in done.stderr and "Traceback" not in done.stderr
