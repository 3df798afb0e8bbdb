"""Settings of a training: by flags, presets and from Python."""

import pytest
from absl import flags

from shared.errors import UserError
from shared.training import Setting, Settings

A = {"size": 3, "rate": 0.5, "on": True, "kind": "x"}
B = {"size": 4, "rate": 0.1, "on": False, "kind": "y"}
SETTINGS = Settings(
    {
        "size": Setting("The size.", low=1),
        "rate": Setting("The rate.", resumable=True),
        "on": Setting("Whether."),
        "kind": Setting("The kind.", choices=("x", "y")),
        "limit": Setting("No preset has it.", kind=int),
    },
    {"a": A, "b": B},
    "a",
    {"a": "an hour, 30 dB"},
)


def given(*arguments):
    values = flags.FlagValues()
    SETTINGS.define_flags(values)
    values(["train", *arguments])
    return values


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], A | {"limit": None, "preset": "a"}),
        (["--preset=b"], B | {"limit": None, "preset": "b"}),
        (
            ["--preset=b", "--size=9", "--on", "--rate=0", "--limit=2"],
            B | {"size": 9, "on": True, "rate": 0.0, "limit": 2, "preset": "b"},
        ),
    ],
)
def test_flags_win_over_the_preset(arguments, expected):
    assert SETTINGS.from_flags(given(*arguments)) == expected


@pytest.mark.parametrize("bad", ["--preset=c", "--size=big", "--kind=z"])
def test_a_bad_value_is_refused_by_its_flag(bad):
    with pytest.raises(flags.Error, match=bad.split("=")[0][2:]):
        given(bad)


def test_a_value_out_of_bounds_is_refused():
    with pytest.raises(UserError, match="--size=0: must be at least 1"):
        SETTINGS.from_flags(given("--size=0"))
    with pytest.raises(UserError, match="--kind=z: must be one of x, y"):
        SETTINGS.choose(kind="z")
    with pytest.raises(UserError, match="--preset=c: must be one of a, b"):
        SETTINGS.choose("c")
    # A number that is none is not between any bounds.
    with pytest.raises(UserError, match="--size=nan"):
        SETTINGS.choose(size=float("nan"))


def test_help_says_what_a_preset_costs():
    assert "a: an hour, 30 dB" in given()["preset"].help


def test_from_python_a_misspelt_setting_is_an_error():
    assert SETTINGS.choose("b", rate=0.2)["rate"] == 0.2
    with pytest.raises(
        UserError, match="raet: no such setting; there are size"
    ):
        SETTINGS.choose(raet=0.1)


def test_what_a_run_may_change_is_told_from_the_rest():
    fixed, flexible = SETTINGS.parts(SETTINGS.choose("b"))
    assert flexible == {"rate": 0.1}
    assert fixed == {k: v for k, v in B.items() if k != "rate"} | {
        "limit": None,
        "preset": "b",
    }
