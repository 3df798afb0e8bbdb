"""Both trainings: resume after kill -9, bad input, export of what comes out."""

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

from tests.malicious_ae.commands import fails, run

VICTIM = (
    "--height=32 --width=48 --batch_size=2 --learning_rate=0.01 --flip "
    "--val_every=2 --crop_height=24 --crop_width=40 --scale=0.9,1.3"
).split()


def victim_flags(camvid, run_dir, *more):
    return [f"--dataset_dir={camvid}", f"--run_dir={run_dir}", *VICTIM, *more]


def curve(run_dir):
    with open(run_dir / "metrics.csv", newline="") as file:
        return [
            (row["epoch"], row["victim_loss"], row["val_miou"])
            for row in csv.DictReader(file)
        ]


@pytest.mark.slow
def test_killed_at_any_moment_the_curve_is_that_of_an_unbroken_run(
    camvid, tmp_path
):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    done = run("train_victim", *victim_flags(camvid, whole), "--epochs=6")
    assert done.returncode == 0, done.stderr[-2000:]
    assert "mean" in done.stdout
    summary = json.loads((whole / "enet_summary.json").read_text())
    assert 0 <= summary["miou"] <= 1

    command = [sys.executable, "-m", "malicious_ae.train_victim"]
    command += [*victim_flags(camvid, broken), "--epochs=6", "--mode=train"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 500
    while time.monotonic() < deadline and process.poll() is None:
        if list(broken.glob("checkpoints/step-*")):
            break
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert list(broken.glob("checkpoints/step-*"))

    done = run(
        "train_victim",
        *victim_flags(camvid, broken),
        "--epochs=6",
        "--mode=train",
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert curve(broken) == curve(whole) and len(curve(whole)) == 6


@pytest.mark.slow
@pytest.mark.tensorflow
def test_victim_to_attacker_to_exports_to_hardened_victim(camvid, tmp_path):
    victim, attacker = tmp_path / "victim", tmp_path / "attacker"
    exported = tmp_path / "exported"
    data = f"--dataset_dir={camvid}"
    done = run(
        "train_victim",
        *victim_flags(camvid, victim),
        "--epochs=2",
        "--mode=train",
        "--show_batch",
        "--print_step",
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "step 0: loss" in done.stdout
    assert cv2.imread(str(victim / "batch.png")) is not None
    done = run(
        "train_attacker",
        data,
        f"--victim={victim}",
        f"--run_dir={attacker}",
        "--epochs=2",
        "--batch_size=2",
        "--crop_height=16",
    )
    assert done.returncode == 0, done.stderr[-2000:]
    for run_dir, role in ((victim, "enet"), (attacker, "attacker")):
        done = run(
            "export",
            f"--run_dir={run_dir}",
            f"--output_dir={exported}/{role}",
            "--test",
            "--litert",
        )
        assert done.returncode == 0, done.stderr[-2000:]
        names = {path.name for path in (exported / role).iterdir()}
        assert names == {
            f"{role}.onnx",
            f"{role}.tflite",
            f"{role}.weights.h5",
            "config.json",
            "malicious_ae",
        }
    report = tmp_path / "report"
    done = run(
        "evaluate",
        data,
        f"--model={exported / 'enet'}",
        f"--attacker={exported / 'attacker'}",
        f"--report_dir={report}",
        "--yardsticks",
        "--yardstick_frames=1",
        "--yardstick_steps=2",
        "--curve_frames=0",
    )
    assert done.returncode == 0, done.stderr[-2000:]
    measured = json.loads((report / "report.json").read_text())["measured"]
    assert measured["attack"]["psnr_db"]["worst"] >= 29.98
    assert measured["yardstick/segpgd"]["psnr_db"]["worst"] >= 29.98
    # The exported victim starts a victim that is to withstand the attacker.
    done = run(
        "train_victim",
        *victim_flags(camvid, tmp_path / "hardened"),
        "--epochs=1",
        "--mode=train",
        f"--pretrained={exported / 'enet' / 'enet.weights.h5'}",
        f"--attacker={attacker}",
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.slow
def test_bad_input_gets_one_line(camvid, tmp_path):
    def victim(*more, data=camvid):
        return run(
            "train_victim",
            *victim_flags(data, tmp_path / "run"),
            "--epochs=1",
            *more,
        )

    weights = tmp_path / "weights.json"
    weights.write_text("[1, 2, 3]")
    fails(victim(f"--class_weights={weights}"), "3 weights", "12 classes")
    fails(victim("--height=30"), "--height=30", "multiple of 8")
    fails(victim("--dataset=cityscapes"), "laid out as cityscapes")
    fails(victim("--scale=2,1"), "--scale=2,1")
    fails(victim("--batch_size=9"), "--batch_size", "1 to 5")
    fails(victim(data=tmp_path / "no"), "--dataset_dir")
    path = camvid / "trainannot" / "frame02.png"
    cv2.imwrite(str(path), np.full((32, 48), 77, np.uint8))
    fails(victim(), "frame02.png", "label 77")

    def attacker(*more):
        return run(
            "train_attacker",
            f"--dataset_dir={camvid}",
            f"--run_dir={tmp_path / 'attack'}",
            *more,
        )

    fails(attacker("--victim=nobody"), "nobody")
    other = tmp_path / "other"
    other.mkdir()
    (other / "config.json").write_text(
        json.dumps(dict(kind="enet", dataset="cityscapes", height=32, width=48))
    )
    fails(attacker(f"--victim={other}"), "cityscapes", "does not fit")
