"""Flags whose defaults a preset holds."""

import subprocess
import sys

import pytest

_COMMAND = """
from shared.errors import run_main
from shared.presets import define_preset_flags, preset_settings

PRESETS = {
    "a": {"size": 3, "rate": 0.5, "on": True, "kind": "x"},
    "b": {"size": 4, "rate": 0.1, "on": False, "kind": "y"},
}

def main(arguments):
    print(preset_settings(PRESETS))

define_preset_flags(PRESETS, "a", lambda n: f"The {n}.", {"kind": ["x", "y"]})
run_main(main)
"""


def _run(*arguments):
    return subprocess.run(
        [sys.executable, "-c", _COMMAND, *arguments],
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], {"size": 3, "rate": 0.5, "on": True, "kind": "x"}),
        (["--preset=b"], {"size": 4, "rate": 0.1, "on": False, "kind": "y"}),
        (
            ["--preset=b", "--size=9", "--on", "--rate=0", "--kind=x"],
            {"size": 9, "rate": 0.0, "on": True, "kind": "x"},
        ),
    ],
)
def test_flags_win_over_the_preset(arguments, expected):
    result = _run(*arguments)
    assert (result.returncode, result.stdout) == (0, f"{expected}\n")


@pytest.mark.parametrize("bad", ["--preset=c", "--size=big", "--kind=z"])
def test_a_bad_value_is_one_line(bad):
    result = _run(bad)
    assert result.returncode == 2
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
