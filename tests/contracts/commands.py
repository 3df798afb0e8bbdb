"""What every command must keep: its help, and one line for a bad command line.

    python -m tests.contracts.commands < MODULES

runs commands, each in a copy of one process that has imported what takes long
to import. MODULES is a JSON list of their names; see `answers`.
"""

import json
import os
import re
import runpy
import subprocess
import sys
import tempfile
import traceback

from tests.training import ROOT

# No flag of ours, and no argument that anybody gives.
UNKNOWN, STRAY = "--no_such_flag_here=1", "stray"
_REQUIRED = re.compile(r"Flag --(\w+) must have a value")


def check_command(name, helped, unknown, stray):
    """Checks what a command answers to three command lines.

    `--help` says what the module is and lists its flags, each with a text; a
    flag that is not there and an argument that is no flag are one line on
    standard error which names them, without a traceback.

    Args:
        name: The command's module.
        helped: (exit code, output, errors) after `--help`.
        unknown: The same, after `UNKNOWN`.
        stray: The same, after `STRAY` and the flags that must be given.

    Returns:
        Names of the flags that its help lists, also as `noNAME`.
    """
    code, output, errors = helped
    assert code == 0, f"{name} --help: {errors}"
    listed = re.findall(r"^ +(?:-\w,)?--(\[no\])?(\w+): *(\S?)", output, re.M)
    assert listed, output
    for _, flag, text in listed:
        assert text, f"{name} --{flag}: has no help"
    assert "no help available" not in output, output

    for done, named in ((unknown, "no_such_flag_here"), (stray, STRAY)):
        code, output, errors = done
        assert code not in (0, None), f"{name}: takes {named}"
        assert "Traceback" not in errors, errors
        assert output == "", f"{name}: {output}"
        (line,) = errors.splitlines()
        assert line.startswith("error: ") and named in line, line
    flags = {flag for _, flag, _ in listed}
    return flags | {f"no{flag}" for no, flag, _ in listed if no}


def answers(modules):
    """What commands answer to the three command lines of `check_command`.

    Args:
        modules: Their names.

    Returns:
        Dictionary from a name to `helped`, `unknown`, `stray`.
    """
    done = subprocess.run(
        [sys.executable, "-m", __name__],
        input=json.dumps(modules),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def _run(module, *arguments):
    """One command in a process of its own, which has its imports already."""
    with (
        tempfile.TemporaryFile("w+") as out,
        tempfile.TemporaryFile("w+") as err,
    ):
        child = os.fork()
        if not child:
            os.dup2(out.fileno(), sys.stdout.fileno())
            os.dup2(err.fileno(), sys.stderr.fileno())
            sys.argv = [module, *arguments]
            code = 1
            try:
                runpy.run_module(module, run_name="__main__", alter_sys=True)
                code = 0
            except SystemExit as end:
                code = end.code or 0
            except BaseException:
                traceback.print_exc()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        _, status = os.waitpid(child, 0)
        printed = []
        for file in (out, err):
            file.seek(0)
            printed.append(file.read())
    return os.waitstatus_to_exitcode(status), *printed


def _stray(module):
    """With an argument that is no flag, and the flags that must be given."""
    given = []
    while True:
        done = _run(module, STRAY, *given)
        missing = _REQUIRED.search(done[2])
        if not missing or f"--{missing[1]}=given" in given:
            return done
        given.append(f"--{missing[1]}=given")


def main():
    """Answers what standard input asks."""
    answered = {}
    for module in json.load(sys.stdin):
        answered[module] = [
            _run(module, "--help"),
            _run(module, UNKNOWN),
            _stray(module),
        ]
    print(json.dumps(answered))


if __name__ == "__main__":
    # What takes long to import, once for all of them.
    import shared.export.command  # noqa: F401
    import shared.training  # noqa: F401

    main()
