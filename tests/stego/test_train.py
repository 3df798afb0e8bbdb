"""The training command: resume after kill -9, bad flags, what export takes."""

import json

import pytest

from tests.training import (
    kill_after_checkpoint,
    outcomes,
    read_curve,
    write_photos,
)

TRAIN = "stego.train"


@pytest.fixture
def photos(tmp_path):
    return write_photos(tmp_path / "photos")


def arguments(photos, run_dir, *flags):
    return [
        f"--images_dir={photos}",
        f"--run_dir={run_dir}",
        "--batch_size=2",
        "--steps_per_epoch=4",
        "--threads=1",
        *flags,
    ]


def curve(run_dir):
    names = ("epoch", "alice_bob_loss", "eve_loss", "image_weight")
    names += ("val_bit_accuracy",)
    return read_curve(run_dir, *names)


@pytest.mark.slow
def test_killed_at_any_moment_the_curve_is_that_of_an_unbroken_run(
    photos, tmp_path
):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    flags = ("--steps=24", "--preset=residual", "--target_bits=0.5")
    flags += (f"--val_dir={photos}",)
    kill_after_checkpoint(broken, TRAIN, *arguments(photos, broken, *flags))
    ended, _ = outcomes(
        *([TRAIN, *arguments(photos, run, *flags)] for run in (whole, broken))
    )
    assert ended == ["done"] * 2
    assert curve(broken) == curve(whole)
    assert len(curve(whole)) == 6
    for name in ("alice", "bob", "eve"):
        assert (broken / f"{name}.weights.h5").stat().st_size > 0
    assert json.loads((broken / "config.json").read_text())["msg_len"] == 100


@pytest.mark.slow
def test_a_bad_flag_gets_one_line(photos, tmp_path):
    said = {
        "--preset=huge": "preset",
        "--output_size=48": "--output_size=48: must be one of 32, 64",
        "--msg_len=0": "--msg_len=0: must be at least 1",
        "--msg_len=1025": "--msg_len",
        "--pretrained=nowhere": "nowhere",
        "--val_dir=nowhere": "--val_dir: nowhere is not a directory",
        "--eve_optimizer=lion": "eve_optimizer",
    }
    errors, _ = outcomes(
        *(
            [TRAIN, *arguments(photos, tmp_path / str(n), "--steps=4", flag)]
            for n, flag in enumerate(said)
        )
    )
    for (flag, words), error in zip(said.items(), errors, strict=True):
        assert words in error and "\n" not in error, flag
