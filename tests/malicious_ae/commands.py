"""Runs a command of the package as a person would."""

import subprocess
import sys


def run(name, *arguments):
    """Runs `python -m malicious_ae.NAME`; returns the finished process."""
    return subprocess.run(
        [sys.executable, "-m", f"malicious_ae.{name}", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


def fails(done, *words):
    """Asserts one clear error line with these words, and no traceback."""
    assert done.returncode != 0, done.stdout
    assert "Traceback" not in done.stderr, done.stderr
    lines = [x for x in done.stderr.splitlines() if x.startswith("error:")]
    assert len(lines) == 1, done.stderr
    for word in words:
        assert word in lines[0], lines[0]
