"""What trains or measures replaces no file unless it is asked to."""

import json
import re

import pytest
from absl import flags

from benchmarks import common, first_gates, hostile_files
from tests.agns import tiny
from tests.stegastamp.commands import call
from tests.training import ROOT, outcomes


def test_a_benchmark_replaces_its_numbers_only_if_asked(tmp_path):
    path = tmp_path / "numbers.json"

    def measure(number, *more):
        values = flags.FlagValues()
        common.define_output_flags(values)
        values(["benchmark", f"--output={path}", *more])
        common.write_result({"number": number}, values)

    measure(1)
    with pytest.raises(flags.Error, match="--output exists; .*--overwrite"):
        measure(2)
    assert json.loads(path.read_text()) == {"number": 1}
    measure(3, "--overwrite")
    assert json.loads(path.read_text()) == {"number": 3}


def test_make_bench_works_twice():
    lines = (ROOT / "Makefile").read_text().replace("\\\n", " ").splitlines()
    written = [line for line in lines if "--output " in line]
    assert any("benchmarks.stamp_latency" in line for line in written)
    for line in written:
        assert re.search(r"--output runs/bench/\S+ --overwrite$", line), line


def test_the_gates_of_an_earlier_run_stay(tmp_path):
    (tmp_path / "gates.png").write_text("mine")
    command = "--images_dir=nowhere", f"--save_dir={tmp_path}"
    code, _, err = call(first_gates, *command)
    assert code == 1 and "gates.png: exists" in err and "--overwrite" in err
    assert [path.name for path in tmp_path.iterdir()] == ["gates.png"]


def test_failing_files_are_kept_in_a_folder_of_their_own(tmp_path):
    (tmp_path / "0-jpeg").write_text("mine")
    for folder in (tmp_path, tmp_path / "0-jpeg"):
        code, _, err = call(hostile_files, f"--keep_dir={folder}")
        assert code == 1 and "no empty folder" in err and "--overwrite" in err
    assert (tmp_path / "0-jpeg").read_text() == "mine"
    (tmp_path / "empty").mkdir()
    for name in ("empty", "new"):
        hostile_files.check_keep_dir(tmp_path / name)


@pytest.mark.slow
def test_commands_that_train_replace_nothing_unasked(tmp_path):
    names = (
        *("realism.json", "classifier.onnx", "enet_summary.json"),
        *("curves.png", "report.json"),
    )
    for name in names:
        (tmp_path / name).write_text("mine")
    frames = tiny.write_frames(tmp_path / "frames", 16)
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "report.json").write_text("mine")
    run_dir = tmp_path / "run"
    realism = [
        "agns.realism",
        f"--images_dir={frames}",
        f"--glasses_dir={frames}",
        f"--save_dir={tmp_path}",
        "--steps=1",
    ]
    ended, _ = outcomes(
        realism,
        [*realism, "--overwrite"],
        [
            "dcgan.classifier",
            "--data_dir=nowhere",
            f"--run_dir={run_dir}",
            f"--save_dir={tmp_path}",
        ],
        [
            "malicious_ae.train_victim",
            "--dataset_dir=nowhere",
            f"--run_dir={run_dir}",
            f"--save_dir={tmp_path}",
        ],
        ["agns.evaluate", "--images_dir=nowhere", f"--save_dir={tmp_path}"],
        [
            "agns.evaluate",
            "--images_dir=nowhere",
            f"--save_dir={tmp_path / 'report'}",
        ],
    )
    assert ended[1] == "done"
    assert "auc" in json.loads((tmp_path / names[0]).read_text())
    refused = [ended[0], *ended[2:]]
    expected = [*names[:3], "report.json", "report/report.json"]
    for said, name in zip(refused, expected, strict=True):
        assert str(tmp_path / name) in said and "exists" in said
    for name in names[1:]:
        assert (tmp_path / name).read_text() == "mine"
    assert not run_dir.exists()
