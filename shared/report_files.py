"""The files of a report, for people and for programs, and what is printed."""

import json
import math
import sys
from pathlib import Path

import numpy as np
from absl import flags

from shared.images import Photo, encode_photo
from shared.outputs import write_files
from shared.text import say, to_bytes


def define_flags(values=flags.FLAGS):
    """Defines --json of a command that reports."""
    flags.DEFINE_bool(
        "json",
        False,
        "Print the report as one JSON object, and nothing else on stdout.",
        flag_values=values,
    )


def narrator(values):
    """Where to tell how far a command is: stderr where stdout is JSON."""
    return sys.stderr if values.json else sys.stdout


def _finite(value):
    """Infinity (the PSNR of equal photos) as null: JSON knows no infinity."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def to_json(results, ascii_only=False):
    """Results as text: JSON whose lines are indented by two.

    Args:
        results: dict of JSON values; what is not finite becomes null.
        ascii_only: bool, whether letters beyond ASCII are escaped.

    Returns:
        str, with a line break at its end.
    """
    text = json.dumps(_finite(results), indent=2, ensure_ascii=ascii_only)
    return f"{text}\n"


def save_report(folder, results, files):
    """Writes all files of a report, or none; an earlier report's are replaced.

    Args:
        folder: directory that exists.
        results: dict of JSON values with the "recipe", for report.json.
        files: dict by name of the other files: text, bytes, or a picture,
            uint8 [H, W, 3].

    Returns:
        list of Path, the files written.

    Raises:
        UserError: if a file cannot be written.
    """
    contents = {}
    for name, data in {"report.json": to_json(results), **files}.items():
        if isinstance(data, np.ndarray):
            data = encode_photo(Photo(data), Path(name).suffix)
        elif isinstance(data, str):
            data = to_bytes(data)
        contents[Path(folder) / name] = data
    write_files(contents, overwrite=True)
    return list(contents)


def print_json(results):
    """Prints results for another program."""
    say(to_json(results, ascii_only=True).rstrip(), keep="\n")


def print_report(results, written, values):
    """Prints a report: its text and the names of its files, or its JSON.

    Args:
        results: dict of JSON values.
        written: list of Path, what `save_report` gave.
        values: FlagValues with --json.
    """
    if values.json:
        print_json(results)
        return
    for path in written:
        if path.suffix == ".md":
            say(path.read_text("utf-8"), keep="\n")
    for path in written:
        say(str(path))
