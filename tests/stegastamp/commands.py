"""Runs a command of the package, in this process or in its own."""

import contextlib
import io
import subprocess
import sys

from absl import flags

from shared.errors import UserError, report


def call(module, *arguments):
    """Runs a command's `main` in this process, quick enough for many tests.

    Returns:
        (exit code, stdout, stderr).
    """
    values = flags.FlagValues()
    module.define_flags(values)
    rest = values(["command", *map(str, arguments)])
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = module.main(rest[1:], values)
        except UserError as error:
            report(error)
            code = 1
    return code, out.getvalue(), err.getvalue()


def run(name, *arguments, **options):
    """Runs `python -m stegastamp.NAME` as a person would."""
    return subprocess.run(
        [sys.executable, "-m", f"stegastamp.{name}", *map(str, arguments)],
        capture_output=True,
        text=True,
        **options,
    )
