"""How tests drive a training command: run it, kill it, read its curve."""

import csv
import json
import pathlib
import signal
import subprocess
import sys

import cv2
import numpy as np

ROOT = pathlib.Path(__file__).parents[1]
# Runs the module that its first argument names, in a process which kills
# itself, as `kill -9` would, at what it does next with the system once a
# checkpoint has appeared.
_KILLED = """
import runpy, signal, sys

def watch(event, arguments):
    global appeared
    if appeared:
        signal.raise_signal(signal.SIGKILL)
    if event == "os.rename":
        appeared = "/checkpoints/step-" in str(arguments[1])

appeared = False
sys.addaudithook(watch)
del sys.argv[0]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


def write_photos(folder) -> pathlib.Path:
    """Draws three smooth photos of 64 x 48 into a new folder."""
    folder.mkdir()
    random = np.random.default_rng(0)
    for index in range(3):
        small = random.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        photo = cv2.resize(small, (64, 48), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(folder / f"{index}.png"), photo)
    return folder


def command(module, *flags) -> list[str]:
    """The command line that runs a module."""
    return [sys.executable, "-m", module, *map(str, flags)]


def flags_of(**values) -> list[str]:
    """A command line of values by the flags' names."""
    return [f"--{name}={value}" for name, value in values.items()]


def run(module, *flags) -> subprocess.CompletedProcess:
    """Runs a command to its end, whatever that is."""
    return subprocess.run(
        command(module, *flags),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )


def succeed(module, *flags) -> str:
    """Runs a command that must succeed; returns what it printed."""
    done = run(module, *flags)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def outcomes(*cases, module="tests.cases") -> tuple[list[str], str]:
    """Runs commands one after the other in one process.

    Args:
        *cases: [module, *arguments] of each.
        module: `tests.cases`, or one that ends in its `main`.

    Returns:
        How each ended, "done" or the error, and what all of them printed.
    """
    done = subprocess.run(
        command(module),
        input=case_text(*cases),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    *printed, last = done.stdout.strip().splitlines()
    return json.loads(last), "\n".join(printed)


def case_text(*cases) -> str:
    """Cases as `tests.cases` reads them."""
    return json.dumps(
        [[name, [*map(str, arguments)]] for name, *arguments in cases]
    )


def kill_after_checkpoint(run_dir, module, *flags, standard_input=None) -> None:
    """Runs a training that is killed, unasked, after its first checkpoint.

    However slow or busy the machine is, it is killed at the same place.

    Args:
        run_dir: Its run directory.
        module: Module to run.
        *flags: Its command line.
        standard_input: Text that the command reads, if it reads any.
    """
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, module, *map(str, flags)],
        input=standard_input,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr[-2000:]
    assert list(pathlib.Path(run_dir).glob("checkpoints/step-*"))


def read_curve(run_dir, *names) -> list:
    """The rows of a run's metrics.csv: the named columns, or all of them."""
    with open(pathlib.Path(run_dir) / "metrics.csv", newline="") as file:
        return [
            [row[name] for name in names or row] for row in csv.DictReader(file)
        ]
