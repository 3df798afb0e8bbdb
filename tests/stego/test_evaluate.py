"""The whole evaluation on a few small photos: every file and every number."""

import json
import subprocess
import sys

import cv2
import numpy as np
import pytest

from shared.images import read_photo
from tests.stego.commands import PHOTO


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    pixels = read_photo(PHOTO).pixels[..., ::-1]
    for index in range(4):
        part = pixels[:, 40 * index : 40 * index + 100]
        cv2.imwrite(str(folder / f"{index}.png"), part)
    return folder


def run(photos, report, *flags):
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "stego.evaluate",
            f"--images_dir={photos}",
            f"--save_dir={report}",
            *flags,
        ],
        capture_output=True,
        text=True,
    )


@pytest.mark.slow
def test_a_report_holds_every_number_and_picture(photos, tmp_path):
    report = tmp_path / "report"
    done = run(
        photos,
        report,
        "--texts=3",
        "--judges=features",
        "--judges=eve",
        "--judge_size=32",
        "--pieces=4",
        "--sweep=modern",
        "--threads=1",
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads((report / "report.json").read_text())
    assert found["texts"]["recovered"] == found["texts"]["accepted"] == 3
    assert found["correct_bits"]["of_final"] == found["msg_len"]
    assert found["false_alarms"] == 0
    verdicts = found["detection"]["modern"]["verdicts"]
    assert set(verdicts) == {"features", "eve"}
    assert set(verdicts["eve"]) == {"stego"}
    for judged in verdicts.values():
        for value in judged.values():
            assert 0 <= value["low"] <= value["auc"] <= value["high"] <= 1
    recipe = found["recipe"]
    assert "python -m stego.evaluate" in recipe["command"]
    assert recipe["flags"]["texts"] == 3
    assert set(recipe["model_sha256"]) == {
        f"{role}.onnx" for role in ("alice", "bob", "eve")
    }
    text = (report / "report.md").read_text()
    assert "3 of 3" in text and "co-occurrence" in text
    for name in ("roc.png", "samples.png"):
        assert cv2.imread(str(report / name)).shape[0] > 100
    assert np.ptp(cv2.imread(str(report / "samples.png"))) > 100


@pytest.mark.slow
@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--judge_size=48"], "--judge_size=48: must be a multiple of the 32"),
        (["--sweep=nowhere"], "nowhere"),
        (["--judge_size=2048"], "half of at least two"),
    ],
)
def test_bad_flags_get_one_line(photos, tmp_path, flags, words):
    done = run(photos, tmp_path / "report", *flags)
    assert done.returncode == 1
    assert words in done.stderr and "Traceback" not in done.stderr
