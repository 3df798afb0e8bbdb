"""The attack's command, and what it may replace."""

import json

import pytest

from agns.attack import check_save_dir
from shared.errors import UserError
from tests.agns import tiny
from tests.agns.conftest import attack_flags
from tests.training import outcomes, run


@pytest.mark.slow
@pytest.mark.tensorflow
def test_an_attack_says_what_it_reached(
    recognizer_run, eyeglass_run, tmp_path, monkeypatch
):
    people = tiny.write_people(tmp_path / "faces")
    flags = attack_flags(
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


@pytest.mark.slow
@pytest.mark.tensorflow
def test_an_attack_is_distributed(small_run, eyeglass_run, tmp_path):
    people = tiny.write_people(tmp_path / "faces")
    flags = attack_flags(
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


def test_an_attack_replaces_its_own_results_only(tmp_path):
    attack = {"kind": "dodging", "attacker": "Anna", "seed": 0}
    assert check_save_dir(tmp_path, attack, overwrite=False) is False
    (tmp_path / "worn_01.png").touch()
    with pytest.raises(UserError, match="worn_01.png: exists"):
        check_save_dir(tmp_path, attack, overwrite=False)
    assert check_save_dir(tmp_path, attack, overwrite=True) is True
    # A run that goes on finds what it wrote.
    result = json.dumps(attack | {"succeeded": False})
    (tmp_path / "attack.json").write_text(result)
    assert check_save_dir(tmp_path, attack, overwrite=False) is True
    with pytest.raises(UserError, match="attack.json: exists"):
        check_save_dir(tmp_path, attack | {"seed": 1}, overwrite=False)
    (tmp_path / "attack.json").write_text("[my notes")
    with pytest.raises(UserError, match="attack.json: exists"):
        check_save_dir(tmp_path, attack, overwrite=False)
