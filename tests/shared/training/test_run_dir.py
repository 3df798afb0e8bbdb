"""A run directory is opened again for the run that it holds, and no other."""

import json

import pytest

from shared.errors import UserError
from shared.training import Setting, Settings, open_run
from stegastamp.presets import SETTINGS


def test_another_configuration_is_refused_by_name(tmp_path):
    open_run(tmp_path / "run", {"seed": 1, "size": 2})
    open_run(tmp_path / "run", {"seed": 1, "size": 2})
    with pytest.raises(UserError, match="--out: .* another seed, size; name"):
        open_run(tmp_path / "run", {"seed": 2, "size": 3}, flag="out")


def test_what_may_change_is_written_anew(tmp_path):
    open_run(tmp_path, {"seed": 1}, flexible={"rate": 0.1})
    open_run(tmp_path, {"seed": 1}, flexible={"rate": 0.01, "patience": 5})
    config = json.loads((tmp_path / "config.json").read_text())
    assert config == {"seed": 1, "rate": 0.01, "patience": 5}
    with pytest.raises(UserError, match="another seed;"):
        open_run(tmp_path, {"seed": 2}, flexible={"rate": 0.5, "patience": 5})
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["rate"] == 0.01


def test_a_run_that_held_its_rate_goes_on_with_another(tmp_path):
    """As runs did that were begun before a rate could change."""
    open_run(tmp_path, {"seed": 1, "rate": 0.1})
    open_run(tmp_path, {"seed": 1}, flexible={"rate": 0.01})


def test_a_run_begun_before_a_setting_existed_goes_on(tmp_path):
    new = Settings(
        {
            "size": Setting("The size.", 3),
            "blur": Setting("New.", 0.5, before=0),
        }
    )
    (tmp_path / "config.json").write_text('{"size": 3}')
    with pytest.raises(UserError, match="another blur"):
        open_run(tmp_path, new.choose(), earlier=new.stated_since)
    open_run(tmp_path, new.choose(blur=0), earlier=new.stated_since)
    config = json.loads((tmp_path / "config.json").read_text())
    assert config == {"size": 3, "blur": 0}


@pytest.mark.parametrize("schedule", ["gated", "paper"])
def test_stamps_of_earlier_runs_keep_their_mean_as_it_was(tmp_path, schedule):
    before = {"schedule": schedule, "seed": 0}
    (tmp_path / "config.json").write_text(json.dumps(before))
    stated = SETTINGS.stated_since(before)
    other = stated | {"zero_mean": schedule != "gated"}
    with pytest.raises(UserError, match="another zero_mean"):
        open_run(tmp_path, other, earlier=SETTINGS.stated_since)
    now = stated | {"zero_mean": schedule == "gated"}
    open_run(tmp_path, now, earlier=SETTINGS.stated_since)
