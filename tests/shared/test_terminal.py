"""Commands print what any terminal holds, and obey no text of others."""

import os
import subprocess
import sys

import pytest

_COMMAND = """
import os
from absl import flags
from shared.command import run_main
from shared.errors import UserError
from shared.text import say, warn

def main(arguments):
    name = flags.FLAGS.name
    say(f"\\u03c0 {name}")
    warn(f"\\xe9 {name}")
    print("plain \\xdf")
    if flags.FLAGS.encode:
        name.encode()
    if flags.FLAGS.bug:
        "\\ud800".encode()
    raise UserError(f"{name}: \\xfc")

flags.DEFINE_string("other", "", "")
flags.DEFINE_string("name", "", "")
flags.DEFINE_bool("encode", False, "")
flags.DEFINE_bool("bug", False, "")
run_main(main)
"""


def _run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-c", _COMMAND, *arguments],
        capture_output=True,
        env=os.environ | environment,
    )


@pytest.mark.parametrize(
    ("environment", "pi", "lines"),
    [
        ({"PYTHONIOENCODING": "ascii"}, rb"\u03c0", [rb"\xe9", rb"\xdf"]),
        ({"PYTHONIOENCODING": "cp1252"}, rb"\u03c0", [b"\xe9", b"\xdf"]),
        ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
         rb"\u03c0", [rb"\xe9", rb"\xdf"]),
        ({"PYTHONIOENCODING": "utf-8"}, "π".encode(),
         ["é".encode(), "ß".encode()]),
    ],
)  # fmt: skip
def test_any_encoding_prints_every_line(environment, pi, lines):
    result = _run(b"--name=a\xff\x1b\n.png", **environment)
    assert result.returncode == 1
    name = rb"a\udcff\x1b\n.png"
    assert result.stdout == pi + b" " + name + b"\nplain " + lines[1] + b"\n"
    warning, error = result.stderr.splitlines()
    assert warning == b"warning: " + lines[0] + b" " + name
    assert error.startswith(rb"error: a\udcff\x1b .png: ")


def test_a_flag_that_cannot_be_encoded_is_named():
    result = _run(b"--name=k\xff", b"--other=fine \xfe", "--encode")
    assert result.returncode == 1
    assert result.stderr.splitlines()[1:] == [
        b"error: --name: is not UTF-8; spell it in UTF-8"
    ]


def test_a_bug_of_ours_is_not_blamed_on_a_flag():
    result = _run("--name=fine", b"--other=\xff", "--bug")
    assert result.returncode == 1 and b"Traceback" in result.stderr
