"""How tests drive a training command: run it, kill it, read its curve."""

import csv
import os
import pathlib
import signal
import subprocess
import sys
import time

import cv2
import numpy as np

ROOT = pathlib.Path(__file__).parents[1]


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


def kill_after_checkpoint(run_dir, module, *flags, standard_input=None) -> None:
    """Starts a training and kills it, unasked, after its first checkpoint.

    Args:
        run_dir: Its run directory.
        module: Module to run.
        *flags: Its command line.
        standard_input: Text that the command reads, if it reads any.
    """
    process = subprocess.Popen(
        command(module, *flags),
        stdin=None if standard_input is None else subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
    )
    if standard_input is not None:
        process.stdin.write(standard_input.encode())
        process.stdin.close()
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and process.poll() is None:
        if list(pathlib.Path(run_dir).glob("checkpoints/step-*")):
            break
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert list(pathlib.Path(run_dir).glob("checkpoints/step-*"))


def read_curve(run_dir, *names) -> list:
    """The rows of a run's metrics.csv: the named columns, or all of them."""
    with open(pathlib.Path(run_dir) / "metrics.csv", newline="") as file:
        return [
            [row[name] for name in names or row] for row in csv.DictReader(file)
        ]
