"""Both trainings: resume after kill -9, bad input, export of what comes out."""

import json

import cv2
import numpy as np
import pytest

from tests.training import (
    case_text,
    kill_after_checkpoint,
    outcomes,
    read_curve,
)

CASES = "tests.malicious_ae.train_cases"
VICTIM = (
    "--height=32 --width=48 --batch_size=2 --learning_rate=0.01 --flip "
    "--val_every=2 --crop_height=24 --crop_width=40 --scale=0.9,1.3"
).split()


def run(*cases):
    """How each [command, *arguments] ended, and what all of them printed."""
    return outcomes(
        *([f"malicious_ae.{name}", *arguments] for name, *arguments in cases),
        module=CASES,
    )


def victim(camvid, run_dir, *more):
    data = [f"--dataset_dir={camvid}", f"--run_dir={run_dir}"]
    return ["train_victim", *data, *VICTIM, *more]


def curve(run_dir):
    return read_curve(run_dir, "epoch", "victim_loss", "val_miou")


@pytest.mark.slow
def test_killed_at_any_moment_the_curve_is_that_of_an_unbroken_run(
    camvid, tmp_path
):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    case = victim(camvid, broken, "--epochs=40", "--mode=train")
    kill_after_checkpoint(
        broken,
        CASES,
        standard_input=case_text([f"malicious_ae.{case[0]}", *case[1:]]),
    )
    assert len(curve(broken)) < 40

    outcomes, printed = run(
        case, victim(camvid, whole, "--epochs=40", "--mode=full")
    )
    assert outcomes == ["done"] * 2
    assert curve(broken) == curve(whole) and len(curve(whole)) == 40
    # It learned what the drawn streets look like, and the test split agrees.
    summary = json.loads((whole / "enet_summary.json").read_text())
    assert summary["miou"] > 0.3 and summary["iou"]["unlabeled"] is None
    assert "mean" in printed and "road" in printed


@pytest.mark.slow
@pytest.mark.tensorflow
def test_from_victim_to_attacker_to_report_to_hardened_victim(camvid, tmp_path):
    trained, attacker = tmp_path / "victim", tmp_path / "attacker"
    exported, report = tmp_path / "exported", tmp_path / "report"
    data = f"--dataset_dir={camvid}"
    outcomes, printed = run(
        victim(
            camvid,
            trained,
            "--epochs=20",
            "--mode=train",
            "--show_batch",
            "--print_step",
        ),
        [
            "train_attacker",
            data,
            f"--victim={trained}",
            f"--run_dir={attacker}",
            "--epochs=10",
            "--batch_size=2",
            "--crop_height=16",
            "--min_psnr=20",
        ],
        *(
            [
                "export",
                f"--run_dir={run_dir}",
                f"--save_dir={exported / role}",
                "--test",
                "--litert",
            ]
            for run_dir, role in ((trained, "enet"), (attacker, "attacker"))
        ),
        [
            "evaluate",
            data,
            f"--model={exported / 'enet'}",
            f"--attacker={exported / 'attacker'}",
            f"--save_dir={report}",
            "--yardsticks",
            "--yardstick_steps=4",
            "--curve_frames=0",
        ],
        # The exported victim starts one that is to withstand the attacker.
        victim(
            camvid,
            tmp_path / "hardened",
            "--epochs=2",
            "--mode=train",
            f"--pretrained={exported / 'enet' / 'enet.weights.h5'}",
            f"--attacker={attacker}",
        ),
    )
    assert outcomes == ["done"] * 6
    assert "step 0: loss" in printed
    assert cv2.imread(str(trained / "batch.png")) is not None
    measured = json.loads((report / "report.json").read_text())["measured"]
    for name in ("attack", "yardstick/pgd", "yardstick/segpgd"):
        assert measured[name]["psnr_db"]["worst"] >= 19.98
        assert measured[name]["miou"] < measured["noise"]["miou"]


@pytest.mark.slow
def test_bad_input_gets_one_line(camvid, tmp_path):
    weights, other = tmp_path / "weights.json", tmp_path / "other"
    weights.write_text("[1, 2, 3]")
    begun = tmp_path / "begun"
    for folder, dataset in ((other, "cityscapes"), (begun, "camvid")):
        folder.mkdir()
        config = dict(kind="enet", dataset=dataset, height=32, width=48)
        (folder / "config.json").write_text(json.dumps(config))
    bad = tmp_path / "bad"
    for split in ("train", "trainannot", "val", "valannot"):
        (bad / split).mkdir(parents=True)
        value = 77 if split.endswith("annot") else 5
        channels = () if split.endswith("annot") else (3,)
        for index in range(2):
            cv2.imwrite(
                str(bad / split / f"{index}.png"),
                np.full((32, 48, *channels), value, np.uint8),
            )
    one = ("--epochs=1",)
    attack = [
        "train_attacker",
        f"--dataset_dir={camvid}",
        f"--run_dir={tmp_path / 'attack'}",
    ]
    cases = {
        "3 weights for 12 classes": victim(
            camvid, tmp_path / "a", *one, f"--class_weights={weights}"
        ),
        "--height=30: must be a multiple of 8": victim(
            camvid, tmp_path / "b", *one, "--height=30"
        ),
        "is not laid out as cityscapes": victim(
            camvid, tmp_path / "c", *one, "--dataset=cityscapes"
        ),
        "--scale=2,1": victim(camvid, tmp_path / "d", *one, "--scale=2,1"),
        "--batch_size: ": victim(
            camvid, tmp_path / "e", *one, "--batch_size=9"
        ),
        "is not a directory": victim(tmp_path / "no", tmp_path / "f", *one),
        "0.png: holds the label 77": victim(bad, tmp_path / "g", *one),
        "--noresume": victim(camvid, tmp_path, *one, "--noresume"),
        "--victim=nobody: no such model": [*attack, "--victim=nobody"],
        "but the victim was trained on unlabeled, road, sidewalk": [
            *attack,
            f"--victim={other}",
        ],
        "best.weights.h5: no such file": victim(camvid, begun, "--mode=test"),
    }
    outcomes, _ = run(*cases.values())
    for words, said in zip(cases, outcomes, strict=True):
        assert words in said and "\n" not in said
