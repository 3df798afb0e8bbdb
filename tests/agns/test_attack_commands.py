"""The attack's and the evaluation's commands."""

import json

import numpy as np
import pytest

from agns import networks
from tests.agns import small, tiny
from tests.agns.conftest import write_recognizer
from tests.training import outcomes, run

pytestmark = [pytest.mark.slow, pytest.mark.tensorflow]


def common(recognizer_run, eyeglass_run, *more):
    return (
        f"--recognizer={recognizer_run}",
        f"--model={eyeglass_run}",
        "--steps=4",
        "--check_every=2",
        "--batch_size=2",
        *more,
    )


@pytest.fixture
def small_run(tmp_path, monkeypatch):
    monkeypatch.setattr(networks, "build_openface_base", small.build_base)
    return write_recognizer(tmp_path / "recognizer")


def test_an_attack_says_what_it_reached(
    recognizer_run, eyeglass_run, tmp_path, monkeypatch
):
    people = tiny.write_people(tmp_path / "faces")
    flags = common(
        recognizer_run,
        eyeglass_run,
        "--kind=dodging",
        f"--attacker={people / 'Person_1'}",
        f"--run_dir={tmp_path / 'run'}",
        f"--save_dir={tmp_path / 'out'}",
    )
    # TensorFlow is to report errors, and its optimizer has none.
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "2")
    # An untrained recogniser never is as sure as this asks for.
    done = run("agns.attack", *flags, "--stop_probability=0")
    assert done.returncode == 1, done.stderr[-2000:]
    assert "dodging failed: Person_1 has 0." in done.stdout
    result = json.loads((tmp_path / "out" / "attack.json").read_text())
    assert not result["succeeded"] and result["held_out_photos"] == 1
    assert 0 < result["control"]["random"]["least"] < 1
    for name in ("glasses.png", "print.png", "sheet.png"):
        assert (tmp_path / "out" / name).stat().st_size > 0
    assert "optimizer" not in done.stderr and "failed:" not in done.stderr
    # Nor does anyone hear of the GPU that is not there.
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL")
    # Four steps are taken; the same command only looks again.
    again = run("agns.attack", *flags, "--stop_probability=1")
    assert again.returncode == 0, again.stderr[-2000:]
    assert "dodging succeeded" in again.stdout
    assert "E0000" not in again.stderr and "cuInit" not in again.stderr


def test_an_attack_is_distributed(small_run, eyeglass_run, tmp_path):
    people = tiny.write_people(tmp_path / "faces")
    flags = common(
        small_run,
        eyeglass_run,
        "--kind=impersonation",
        f"--attacker={people / 'Person_1'}",
        "--target=Person_2",
        f"--run_dir={tmp_path / 'run'}",
        f"--save_dir={tmp_path / 'out'}",
        "--steps_per_execution=2",
        "--distribute=mirrored",
        "--stop_probability=1",
    )
    ended, printed = outcomes(
        ["agns.attack", *flags], module="tests.agns.small"
    )
    assert ended == ["exit code 1"], ended
    assert "impersonation failed: Person_2 has 0." in printed
    assert (tmp_path / "run" / "generator.weights.h5").exists()


def test_an_evaluation_goes_on_and_keeps_its_settings(
    small_run, eyeglass_run, tmp_path
):
    people = tiny.write_people(tmp_path / "faces")
    report = tmp_path / "report"
    flags = common(
        small_run,
        eyeglass_run,
        f"--images_dir={people}",
        f"--save_dir={report}",
        f"--transfer={small_run}",
        "--attackers=2",
        "--pairs=2",
    )

    def evaluate(*more):
        cases = (["agns.evaluate", *flags, *each] for each in more)
        return outcomes(*cases, module="tests.agns.small")

    (refused, ended), _ = evaluate(
        ["--transfer=nowhere", f"--save_dir={tmp_path / 'none'}"],
        ["--seeds=1"],
    )
    assert "nowhere" in refused and not (tmp_path / "none").exists()
    assert ended == "done"
    first = (report / "attacks.jsonl").read_text()
    records = [json.loads(line) for line in first.splitlines()]
    assert (
        [r["kind"] for r in records].count("dodging") == 2 == len(records) / 2
    )
    for record in records:
        # The recogniser carries over to itself.
        transferred = record["transfer"][str(small_run)]
        assert transferred == pytest.approx(record["probability"], abs=1e-4)
        glasses = np.load(report / "glasses" / f"{record['name']}.npy")
        assert glasses.shape == (64, 176, 3)

    (ended, refused), printed = evaluate(
        ["--seeds=2"], ["--seeds=2", "--kappa=0.5"]
    )
    assert ended == "done"
    assert "--save_dir" in refused and "another kappa" in refused
    second = (report / "attacks.jsonl").read_text()
    assert second.startswith(first) and len(second.splitlines()) == 8
    assert "dodging: " in printed and "of 4 succeeded" in printed
    summary = json.loads((report / "report.json").read_text())
    assert summary["settings"]["seeds"] == 2
    assert summary["attacks"]["impersonation"]["attacks"] == 4
    for name in ("curves.png", "success.png", "contact_sheet.png"):
        assert (report / name).stat().st_size > 0
