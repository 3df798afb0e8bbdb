"""A run directory is opened again for the run that it holds, and no other."""

import json

import pytest

from shared.errors import UserError
from shared.training import open_run
from stegastamp.presets import stated_since


def test_another_configuration_is_refused_by_name(tmp_path):
    open_run(tmp_path / "run", {"seed": 1, "size": 2})
    open_run(tmp_path / "run", {"seed": 1, "size": 2})
    with pytest.raises(UserError, match="--out: .* another seed, size; name"):
        open_run(tmp_path / "run", {"seed": 2, "size": 3}, flag="out")


@pytest.mark.parametrize("schedule", ["gated", "paper"])
def test_a_run_begun_before_a_setting_existed_goes_on(tmp_path, schedule):
    before = {"schedule": schedule, "seed": 0}
    (tmp_path / "config.json").write_text(json.dumps(before))
    now = before | {"zero_mean": schedule == "gated"}
    open_run(tmp_path, now, earlier=stated_since)
    with pytest.raises(UserError, match="another zero_mean"):
        open_run(tmp_path, now)
    other = before | {"zero_mean": schedule != "gated"}
    with pytest.raises(UserError, match="another zero_mean"):
        open_run(tmp_path, other, earlier=stated_since)
