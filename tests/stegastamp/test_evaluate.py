"""The evaluation: its measures, its statistics, its files, its exit codes."""

import csv
import json
import math
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest

from shared.errors import UserError
from shared.images import Photo, write_photo
from stegastamp import attacks, evaluate
from stegastamp.api import Decoder, Encoder
from tests.stegastamp.linear_model import write_linear_model


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory):
    """A model that hides and recovers without training."""
    folder = tmp_path_factory.mktemp("model") / "linear"
    return write_linear_model(folder, amplitude=0.006)


def _covers(count=2):
    """Soft pictures, uint8 [96, 144, 3]: little for the patterns to fight."""
    y, x = np.mgrid[0:96, 0:144]
    for index in range(count):
        wave = 110 + 12 * np.sin(x / 90 + index) + 8 * np.cos(y / 70)
        yield np.repeat(wave[..., None], 3, axis=2).astype(np.uint8)


def _evaluation(model_dir, **settings):
    settings = {"grid": attacks.HEADLINE, "messages": 2} | settings
    evaluation = evaluate.Evaluation(
        Encoder(model_dir, threads=1), Decoder(model_dir, threads=1), **settings
    )
    for index, cover in enumerate(_covers()):
        evaluation.add(f"{index}.png", cover)
    return evaluation


# Measures ------------------------------------------------------------------


def test_gmsd_grows_with_the_damage(photo):
    assert evaluate.gmsd(photo, photo) == 0
    distances = [
        evaluate.gmsd(photo, attacks.jpeg(photo, quality))
        for quality in (90, 50, 10)
    ]
    assert distances == sorted(distances)


@pytest.mark.parametrize("rate", [1e-3, 1e-6])
@pytest.mark.parametrize("bits", [20, 100])
def test_bit_threshold_is_the_least_that_keeps_the_rate(bits, rate):
    def tail(least):
        ways = sum(math.comb(bits, k) for k in range(least, bits + 1))
        return ways / 2**bits

    threshold = evaluate.bit_threshold(bits, rate)
    assert tail(threshold) <= rate < tail(threshold - 1)


def test_no_threshold_is_low_enough_for_few_bits():
    assert evaluate.bit_threshold(8, 1e-6) == 9


# Measuring ------------------------------------------------------------------


def test_results_of_a_working_model(model_dir):
    grid = [*attacks.HEADLINE, attacks.find("rotate_90")]
    results = _evaluation(model_dir, grid=grid, unmarked=True).results()
    rows = {row["attack"]: row for row in results["attacks"]}
    assert list(rows) == [attack.name for attack in grid]
    for name in ("png", "jpeg_50", "noise_0.05"):
        assert rows[name]["exact"] == 1, name
        assert rows[name]["bit_accuracy"] > 0.97
        assert rows[name]["tpr_at_1e-06"] == 1
    assert all(row["trials"] == 4 for row in rows.values())
    # The views asked for undo no turn; its patterns have nothing of ours.
    assert rows["rotate_90"]["exact"] == 0
    assert 0.35 < rows["rotate_90"]["bit_accuracy"] < 0.65
    assert rows["rotate_90"]["tpr_at_1e-06"] == 0
    assert all(row["exact_one_look"] <= row["exact"] for row in rows.values())
    assert 20 < results["quality"]["psnr_db"]["mean"] < 60
    assert results["unmarked"]["accepted"] == 0
    assert results["unmarked"]["comparisons"] == 4


def test_strength_trades_quality(model_dir):
    def psnr(strength):
        results = _evaluation(
            model_dir, strength=strength, grid=attacks.HEADLINE[:1]
        ).results()
        return results["quality"]["psnr_db"]["mean"]

    assert psnr(1.0) - psnr(2.0) == pytest.approx(6, abs=0.5)


def test_same_seed_same_numbers_whatever_else_is_measured(model_dir):
    grid = [attacks.find("noise_0.05")]
    alone = _evaluation(model_dir, grid=grid).results()["attacks"][0]
    among = _evaluation(model_dir).results()["attacks"]
    assert alone in among
    other = _evaluation(model_dir, grid=grid, seed=1, strength=0.1)
    again = _evaluation(model_dir, grid=grid, seed=2, strength=0.1)
    name = grid[0].name
    assert other.tallies[name].matches != again.tallies[name].matches


def test_a_message_nobody_hid_is_counted_as_wrong(model_dir):
    # The photo carries a message already, far stronger than ours.
    evaluation = evaluate.Evaluation(
        Encoder(model_dir),
        Decoder(model_dir),
        attacks.HEADLINE[:1],
        messages=3,
        unmarked=True,
    )
    stamped, _ = Encoder(model_dir).encode(
        next(_covers()), "marked", strength=9.0
    )
    evaluation.add("marked.png", stamped)
    results = evaluation.results()
    row = results["attacks"][0]
    assert row["wrong_messages"] == 3 and row["exact"] == 0
    assert results["unmarked"]["messages_read"] == [["marked.png", "marked"]]


def test_a_photo_too_small_is_named(model_dir):
    evaluation = _evaluation(model_dir, grid=attacks.HEADLINE[:1])
    with pytest.raises(UserError, match="dot.png.*small"):
        evaluation.add("dot.png", np.zeros((1, 1, 3), np.uint8))
    assert evaluation.photos == ["0.png", "1.png"]


# The command ----------------------------------------------------------------


def _run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "stegastamp.evaluate", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


@pytest.fixture(scope="module")
def photos_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for index, cover in enumerate(_covers()):
        write_photo(folder / f"{index}.png", Photo(cover))
    return folder


def test_command_writes_the_whole_report(model_dir, photos_dir, tmp_path):
    report_dir = tmp_path / "report"
    done = _run(
        f"--images_dir={photos_dir}",
        f"--save_dir={report_dir}",
        f"--model={model_dir}",
        "--messages=1",
        "--attacks=all",
        "--unmarked",
    )
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in report_dir.iterdir()) == [
        "accuracy.png",
        "contact_sheet.png",
        "flat_region.png",
        "report.csv",
        "report.json",
        "report.md",
    ]
    results = json.loads((report_dir / "report.json").read_text())
    recipe = results["recipe"]
    assert recipe["command"].startswith("python -m stegastamp.evaluate --im")
    assert recipe["flags"]["messages"] == 1
    assert recipe["flags"]["strength"] == 1.0
    assert len(recipe["model_sha256"]["encoder.onnx"]) == 64
    with open(report_dir / "report.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["attack"] for row in rows] == [a.name for a in attacks.ALL]
    assert float(rows[0]["exact"]) == results["attacks"][0]["exact"] == 1
    text = (report_dir / "report.md").read_text()
    assert text in done.stdout
    assert "| JPEG 50 | 100.0 (34.2-100.0) |" in text
    assert "Unmarked photos: 0 of 2 accepted" in text
    sheet = cv2.imread(str(report_dir / "contact_sheet.png"))
    assert sheet.shape[1] == 9 * 228 and sheet.std() > 10
    flat = cv2.imread(str(report_dir / "flat_region.png"))
    assert flat.shape == (192, 2 * 192 + 8, 3)
    assert np.any(flat[:, :192] != flat[:, 200:])


def test_unmarked_alone_and_a_bad_photo_in_the_batch(
    model_dir, photos_dir, tmp_path
):
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "good.png").write_bytes((photos_dir / "0.png").read_bytes())
    (folder / "bad.png").write_text("no photo")
    done = _run(
        f"--images_dir={folder}",
        f"--save_dir={tmp_path}",
        f"--model={model_dir}",
        "--messages=0",
        "--unmarked",
    )
    assert done.returncode == 1
    assert "error: " in done.stderr and "bad.png" in done.stderr
    results = json.loads((tmp_path / "report.json").read_text())
    assert results["failed_photos"] == 1
    assert results["unmarked"]["photos"] == 1
    assert "attacks" not in results


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--images_dir=missing"], "missing"),
        (["--model=missing"], "missing"),
        (["--messages=0"], "--messages=0"),
        (["--strength=0"], "--strength=0"),
        (["--seed=-1"], "--seed=-1"),
    ],
)
def test_bad_input_gets_one_line(
    arguments, said, model_dir, photos_dir, tmp_path
):
    done = _run(
        f"--images_dir={photos_dir}",
        f"--save_dir={tmp_path / 'report'}",
        f"--model={model_dir}",
        *arguments,
    )
    assert done.returncode == 1
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("error: ")
    assert said in lines[0]
