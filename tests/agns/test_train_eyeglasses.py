"""The training of eyeglasses: resume after kill -9, results."""

import pytest

from tests.agns import tiny
from tests.training import (
    flags_of,
    kill_after_checkpoint,
    outcomes,
    read_curve,
)


@pytest.mark.slow
def test_a_killed_eyeglass_training_goes_on(tmp_path):
    frames = tiny.write_frames(tmp_path / "frames", 6)
    settings = {"images_dir": frames, "batch_size": 2, "epochs": 5}
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    case, unbroken = (
        ["agns.train_eyeglasses", *flags_of(run_dir=run_dir, **settings)]
        for run_dir in (broken, whole)
    )
    kill_after_checkpoint(broken, *case)
    assert outcomes(case, unbroken)[0] == ["done"] * 2
    assert (
        read_curve(broken) == read_curve(whole) and len(read_curve(whole)) == 5
    )
    assert len(list((whole / "samples").glob("*.png"))) == 5
    assert (whole / "samples.gif").stat().st_size > 0
