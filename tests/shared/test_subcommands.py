"""Each package's commands, by one word."""

import subprocess
import sys
from pathlib import Path

import pytest

from shared import __version__
from shared.subcommands import list_commands

ROOT = Path(__file__).parents[2]
PACKAGES = ("stegastamp", "stego", "dcgan", "malicious_ae", "agns")


def _run(*arguments, cwd=ROOT):
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_with_a_main_part_is_a_command(package):
    guarded = {
        path.stem
        for path in (ROOT / package).glob("*.py")
        if '\nif __name__ == "__main__":\n' in path.read_text("utf-8")
    }
    commands = list_commands(package)
    assert set(commands) == guarded - {"__main__"}
    assert {"evaluate", "export"} <= set(commands)
    assert all(commands.values())


def test_a_module_that_only_names_main_is_no_command():
    assert "errors" not in list_commands("shared")
    assert "lpips_convert" in list_commands("shared")


@pytest.mark.parametrize("package", PACKAGES)
def test_help_lists_commands_without_a_framework(package):
    code = (
        "import runpy, sys\n"
        f"sys.argv = [{package!r}, '--help']\n"
        "try:\n"
        f"    runpy.run_module({package!r}, run_name='__main__')\n"
        "except SystemExit as done:\n"
        "    print(done.code, {'keras', 'cv2', 'numpy'} & set(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout.endswith("\n0 set()\n"), done.stderr
    for command, said in list_commands(package).items():
        assert any(
            line.split(maxsplit=1) == [command, said]
            for line in done.stdout.splitlines()
        )


@pytest.mark.parametrize(
    ("arguments", "out", "error"),
    [
        (["--version"], f"malicious-ae {__version__}\n", ""),
        (
            ["bogus"],
            "",
            "error: malicious-ae has no command 'bogus'; `malicious-ae --help`"
            " lists those that there are\n",
        ),
        (
            # A file that is there and is no command.
            ["pictures"],
            "",
            "error: malicious-ae has no command 'pictures'; `malicious-ae "
            "--help` lists those that there are\n",
        ),
    ],
)
def test_what_is_no_command_is_one_line(arguments, out, error):
    done = _run("malicious_ae", *arguments)
    assert (done.stdout, done.stderr) == (out, error)
    assert done.returncode == (2 if error else 0)


def test_no_command_at_all_shows_those_that_there_are():
    done = _run("stegastamp")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == _run("stegastamp", "--help").stdout


def test_a_reader_that_went_away_is_no_traceback():
    done = subprocess.run(
        ["bash", "-c", f"'{sys.executable}' -m stegastamp --help | :"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""


def test_a_command_is_what_its_module_is(tmp_path):
    flags = ["--secret", "Stega!!", "--image", str(tmp_path / "none.png")]
    by_word = _run("stegastamp", "encode", *flags, "--save_dir", str(tmp_path))
    module = _run("stegastamp.encode", *flags, "--save_dir", str(tmp_path))
    assert by_word.returncode == module.returncode == 1
    assert by_word.stderr == module.stderr
    assert "none.png" in by_word.stderr

    by_word = _run("stegastamp", "encode", "--bogus")
    module = _run("stegastamp.encode", "--bogus")
    assert by_word.returncode == module.returncode == 2
    assert by_word.stderr == module.stderr != ""

    by_word = _run("malicious_ae", "segment", "--help")
    module = _run("malicious_ae.segment", "--help")
    assert by_word.returncode == module.returncode == 0
    assert by_word.stdout == module.stdout
    assert "--image" in by_word.stdout


def test_a_hyphen_stands_for_the_underscore():
    done = _run("stegastamp", "onnx-inference", "--help")
    assert done.returncode == 0
    assert "--image" in done.stdout


@pytest.mark.parametrize(
    ("missing", "command", "extra"),
    [("keras", "train", "train"), ("sklearn", "evaluate", "judge")],
)
def test_an_extra_that_is_missing_is_named(tmp_path, missing, command, extra):
    # A package in the working folder that does not import what it needs.
    for name, text in (
        ("__init__", '"""A package."""\n'),
        ("__main__", "from shared import subcommands as s\ns.run_package('p')"),
        (command, f"import {missing}.parts\nif __name__ == '__main__':\n  1"),
    ):
        (tmp_path / "p").mkdir(exist_ok=True)
        (tmp_path / "p" / f"{name}.py").write_text(text)
    hide = f"import sys; sys.modules[{missing!r}] = None; "
    path = f"sys.path[:0] = [{str(tmp_path)!r}, {str(ROOT)!r}]; "
    run = f"sys.argv = ['p', {command!r}]; import p.__main__"
    done = subprocess.run(
        [sys.executable, "-c", hide + path + run],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr == (
        f"error: p {command}: needs {missing}; install adversarial-games with "
        f"its extra [{extra}]\n"
    )
