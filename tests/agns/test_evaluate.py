"""The evaluation goes on where it was; a damaged list is named."""

import json

import numpy as np
import pytest

from agns.evaluate import read_done
from agns.evaluate_report import is_success, summarize
from shared.errors import UserError
from tests.agns import tiny
from tests.agns.conftest import attack_flags
from tests.agns.small_evaluation import (
    baseline,
    records,
)
from tests.training import outcomes


def test_a_damaged_list_of_attacks_is_named(tmp_path):
    path = tmp_path / "attacks.jsonl"
    assert read_done(path) == []
    path.write_text('{"name": "a"}\n{"na')
    with pytest.raises(UserError, match="attacks.jsonl.*delete its last line"):
        read_done(path)


def test_an_attack_of_an_unknown_kind_is_judged_by_nobody(tmp_path):
    stranger = records()[0] | {"kind": "hide"}
    for judged in (is_success, lambda *two: summarize({}, two[1], [two[0]])):
        with pytest.raises(ValueError, match="Received: 'hide'"):
            judged(stranger, baseline())
    path = tmp_path / "attacks.jsonl"
    path.write_text(f"{json.dumps(records()[0])}\n{json.dumps(stranger)}\n")
    with pytest.raises(UserError, match="line 2: .*unknown kind hide"):
        read_done(path)


@pytest.mark.slow
@pytest.mark.tensorflow
def test_an_evaluation_goes_on_and_keeps_its_settings(
    small_run, eyeglass_run, tmp_path
):
    people = tiny.write_people(tmp_path / "faces")
    report = tmp_path / "report"
    flags = attack_flags(
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
    recipe = summary["recipe"]
    assert recipe["command"].startswith("python -m agns.evaluate")
    assert recipe["flags"]["attackers"] == 2
    hashes = recipe["model_sha256"]
    assert {"generator.weights.h5", "recognizer.weights.h5"} <= set(hashes)
    assert "keras" in recipe["versions"]
    for name in ("curves.png", "success.png", "contact_sheet.png"):
        assert (report / name).stat().st_size > 0
