"""Exit codes and messages of commands, and the photos that they take."""

import signal
import subprocess
import sys

import pytest
from absl import flags

from shared.command import (
    check_one_of,
    choose_photos,
    define_photo_flags,
    progress,
)
from shared.errors import UserError

_COMMAND = """
import os, signal, sys, time
from absl import flags
from shared.command import no_arguments, run_main
from shared.errors import UserError

def main(arguments):
    no_arguments(arguments)
    what = flags.FLAGS.what
    if what == "user":
        raise UserError("photo.png: is\\nbroken")
    if what == "system":
        open("/nowhere/at/all")
    if what == "code":
        return 3
    if what == "wait":
        print("ready", flush=True)
        while True:
            time.sleep(1)
    if what == "finalizer":
        class Finalized:
            def __del__(self):
                print("ready", flush=True)
                sys.stdin.readline()
        Finalized()
        while True:
            time.sleep(1)
    if what == "many":
        for _ in range(100000):
            print("line")

flags.DEFINE_string("what", "", "")
run_main(main)
"""


def _run(*arguments):
    return subprocess.run(
        [sys.executable, "-c", _COMMAND, *arguments],
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        ([], 0, ""),
        (["--what=code"], 3, ""),
        (["--what=user"], 1, "error: photo.png: is broken\n"),
        (
            ["--what=system"],
            1,
            "error: /nowhere/at/all: No such file or directory\n",
        ),
    ],
)
def test_exit_codes_and_messages(arguments, code, line):
    result = _run(*arguments)
    assert (result.returncode, result.stderr) == (code, line)


@pytest.mark.parametrize("argument", ["--wath=user", "photo.png"])
def test_a_bad_command_line_is_one_line(argument):
    result = _run(argument)
    assert result.returncode in (1, 2)
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert argument.strip("-").split("=")[0] in result.stderr


@pytest.mark.parametrize("where", ["wait", "finalizer"])
def test_ctrl_c_is_130(where):
    process = subprocess.Popen(
        [sys.executable, "-c", _COMMAND, f"--what={where}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    # Standard input stays open: it is not its end that ends the finalizer.
    errors = process.stderr.read()
    process.communicate()
    assert (process.returncode, errors) == (130, "error: interrupted\n")


def test_a_closed_pipe_is_quiet():
    process = subprocess.Popen(
        [sys.executable, "-c", _COMMAND, "--what=many"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    process.stdout.readline()
    process.stdout.close()
    assert process.wait() == 1
    assert process.stderr.read() == ""
    process.stderr.close()


def test_help_is_no_failure():
    result = _run("--help")
    assert result.returncode == 0 and "--what" in result.stdout


def _photo_flags(*arguments):
    values = flags.FlagValues()
    define_photo_flags("One.", "Many.", values)
    flags.DEFINE_string("video", None, "", flag_values=values)
    values(["command", *arguments])
    return values


def test_one_photo_is_taken_by_name_whether_or_not_it_is_there():
    paths, left_out = choose_photos(_photo_flags("--image=no/such.png"))
    assert list(map(str, paths)) == ["no/such.png"] and not left_out


def test_a_folder_gives_its_photos_and_what_is_left_out(tmp_path):
    for name in ("b.png", "a.jpg", "notes.txt"):
        (tmp_path / name).touch()
    values = _photo_flags(f"--images_dir={tmp_path}")
    paths, left_out = choose_photos(values)
    assert [path.name for path in paths] == ["a.jpg", "b.png"]
    assert left_out.files == ("notes.txt",)
    assert choose_photos(values, lambda folder: folder) == str(tmp_path)


@pytest.mark.parametrize("arguments", [[], ["--image=a", "--images_dir=b"]])
def test_photos_come_from_one_flag(arguments):
    with pytest.raises(UserError, match="^give one of --image and --images_di"):
        choose_photos(_photo_flags(*arguments))


@pytest.mark.parametrize("arguments", [[], ["--image=a", "--video=b"]])
def test_one_of_three_flags_is_given(arguments):
    message = "^give one of --image, --images_dir and --video$"
    with pytest.raises(UserError, match=message):
        check_one_of(_photo_flags(*arguments), "image", "images_dir", "video")


def test_one_of_three_flags_is_enough():
    check_one_of(_photo_flags("--video=b"), "image", "images_dir", "video")


def test_a_bar_shows_how_far_a_batch_is_and_nothing_else():
    assert progress([1, 2], False) == [1, 2]
    assert list(progress([1, 2], True)) == [1, 2]
