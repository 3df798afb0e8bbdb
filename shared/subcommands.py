"""A package's commands behind one word: `stegastamp encode --image ...`.

Each is a module of the package with a main part, and is run as `python -m
stegastamp.encode` runs it. Listing them imports none.
"""

import ast
import importlib
import runpy
import sys
from pathlib import Path

from shared import __version__
from shared.command import drop_output
from shared.errors import report

# The extra of pyproject.toml that brings what an import may lack.
EXTRAS = {
    "keras": "train",
    "tensorflow": "train",
    "matplotlib": "judge",
    "sklearn": "judge",
}


def _is_main_guard(node):
    """Whether a statement is `if __name__ == ...:`."""
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Compare)
        and isinstance(node.test.left, ast.Name)
        and node.test.left.id == "__name__"
    )


def list_commands(package):
    """What a package can do.

    Args:
        package: str, the import name of an installed package.

    Returns:
        dict of the name of each module that can be run to the first line of
        what it says of itself, by name.
    """
    commands = {}
    folder = Path(importlib.import_module(package).__file__).parent
    for path in sorted(folder.glob("[!_]*.py")):
        text = path.read_text("utf-8")
        if "__main__" not in text:
            continue
        module = ast.parse(text)
        if any(map(_is_main_guard, module.body)):
            said = ast.get_docstring(module) or ""
            commands[path.stem] = said.partition("\n")[0]
    return commands


def _overview(package, program):
    """What `--help` prints: what the package is, and its commands."""
    said = importlib.import_module(package).__doc__.partition("\n")[0]
    commands = list_commands(package)
    width = max(map(len, commands))
    lines = [f"  {name:{width}}  {line}" for name, line in commands.items()]
    return "\n".join(
        [
            said,
            "",
            f"usage: {program} COMMAND --FLAG=VALUE ...",
            "",
            *lines,
            "",
            f"`{program} COMMAND --help` lists a command's flags.",
        ]
    )


def _print(text, stream):
    """Prints for a reader that may have gone away (`| head -1`)."""
    try:
        print(text, file=stream, flush=True)
    except BrokenPipeError:
        drop_output()


def run_package(package):
    """Runs the command that the first argument names, with all the others.

    Ends the process with the command's exit code; 0 after `--help` and
    `--version`, 1 where the command needs an extra that is not installed, and
    2 where no command, or one that is not there, is named.

    Args:
        package: str, the import name of the package.
    """
    program = package.replace("_", "-")
    name = sys.argv[1] if len(sys.argv) > 1 else None
    if name in ("--help", "-h", "help"):
        _print(_overview(package, program), sys.stdout)
        sys.exit(0)
    if name == "--version":
        _print(f"{program} {__version__}", sys.stdout)
        sys.exit(0)
    if name is None:
        _print(_overview(package, program), sys.stderr)
        sys.exit(2)
    module = name.replace("-", "_")
    if module not in list_commands(package):
        report(
            f"{program} has no command {name!r}; `{program} --help` lists those"
            " that there are"
        )
        sys.exit(2)
    # As the interpreter leaves them for `python -m`.
    sys.argv = sys.argv[1:]
    try:
        runpy.run_module(
            f"{package}.{module}", run_name="__main__", alter_sys=True
        )
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in EXTRAS:
            raise
        report(
            f"{program} {name}: needs {missing}; install adversarial-games with"
            f" its extra [{EXTRAS[missing]}]"
        )
        sys.exit(1)
