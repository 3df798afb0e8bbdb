"""Read the message from a photo, or from every photo of a directory.

    python -m stegastamp.decode --image out/photo_hidden.png
    python -m stegastamp.decode --images_dir out --json
    python -m stegastamp.decode --image out/photo_hidden.png --key_file key.txt

Prints one line a photo: PATH: 'Stega!!' (corrected 2 bit errors), or
PATH: no message found. With --json each line is an object with path, message,
corrected_bits, confidence (mean over the bits of how sure the network was, 0
to 1), view (how the photo was looked at), keyed (whether it was read with a
key) and notes (what of the file was not read); message is null where none was
found, and error says why a file could not be read. A path that is not UTF-8 is
spelled with escapes, and path_bytes is its bytes in hexadecimal.

In a directory that stegastamp.encode wrote, the pictures NAME_residual.png
beside NAME_hidden files are left out: those that are middle gray on average,
as every residual is. The last line, on stderr, counts what was left out.

Exit code: 0 if every photo gave a message, 1 if one did not, 130 after Ctrl-C.
"""

import sys

import cv2
import numpy as np
from absl import flags

from shared import keys
from shared.command import (
    choose_photos,
    define_photo_flags,
    no_arguments,
    progress,
    run_main,
)
from shared.errors import UserError, report
from shared.images import read_photo
from shared.photo_folders import count_names
from shared.text import json_line, say, warn
from stegastamp import api
from stegastamp.views import VIEWS, count_views


def define_flags(values=flags.FLAGS):
    """Defines the command's flags."""
    define_photo_flags(
        "The photo to read.",
        "Instead of --image: a directory whose photos are all read.",
        values,
    )
    flags.DEFINE_bool(
        "json", False, "Print one JSON object a line.", flag_values=values
    )
    flags.DEFINE_enum(
        "views",
        "fast",
        sorted(VIEWS),
        "How many fixed ways a photo is looked at when the whole of it "
        "carries no message, in case it was cropped, framed or mirrored: fast "
        f"is {count_views('fast')}, thorough {count_views('thorough')}, after "
        "the fast ones. The surest of them is then tilted step by step. With a "
        "100-bit model a random word is taken for a message at most 1.4e-8 "
        "times the number of words tried: 3.4e-7 and 6.5e-7.",
        flag_values=values,
    )
    flags.DEFINE_bool(
        "rotations",
        False,
        "Then also look at the photo turned by 90, 180 and 270 degrees, "
        "mirrored or not (21 views more; 9.9e-7 for all together).",
        flag_values=values,
    )
    flags.DEFINE_bool(
        "timings",
        False,
        "Print the milliseconds of each stage for each photo (on stderr).",
        flag_values=values,
    )
    keys.define_flags(values)
    api.define_flags(values)


def describe(path, found):
    """One line for a person: the message of a photo, or that it has none."""
    if found is None:
        return f"{path}: no message found"
    plural = "" if found.corrected_bits == 1 else "s"
    return (
        f"{path}: {found.message!r} (corrected {found.corrected_bits} bit "
        f"error{plural})"
    )


def _record(path, found, notes=(), error=None):
    """One line for a program."""
    record = {
        "path": path,
        "message": found.message if found else None,
        "corrected_bits": found.corrected_bits if found else None,
        "confidence": round(found.confidence, 4) if found else None,
        "view": found.view if found else None,
        "keyed": found.keyed if found else None,
        "notes": list(notes),
    }
    if error:
        record["error"] = str(error)
    return json_line(record)


def is_residual(path, max_pixels):
    """Whether a file is a picture that stegastamp.encode made of a residual.

    Stamps have no mean, so that such a picture is middle gray on average in
    each channel, within rounding and clipping; photos hardly ever are.
    """
    try:
        photo = read_photo(path, max_pixels)
    except UserError:
        return False
    means = np.array(cv2.mean(photo.pixels)[:3])
    return photo.bit_depth == 8 and np.abs(means - 127.5).max() < 3


def split_residuals(paths, max_pixels):
    """Tells residual pictures beside a stamped photo from photos.

    Returns:
        (photos, residuals): two lists of Path.
    """
    stamped = {path.stem for path in paths}
    photos, residuals = [], []
    for path in paths:
        name = path.stem.removesuffix("_residual")
        beside = name != path.stem and f"{name}_hidden" in stamped
        made = beside and is_residual(path, max_pixels)
        (residuals if made else photos).append(path)
    return photos, residuals


def read_photos(decoder, paths, batch, values, key=None):
    """Reads photo files one after the other and prints what they say.

    Args:
        decoder: stegastamp.Decoder.
        paths: list of Path.
        batch: bool, whether to show a bar.
        values: the command's flags.
        key: str that the messages were hidden with, or None.

    Returns:
        int, the command's exit code.
    """
    failures = 0
    for path in progress(paths, batch):
        timings = api.Timings()
        found = problem = None
        notes = ()
        try:
            with timings.stage("read"):
                photo = read_photo(path, values.max_pixels)
            notes = photo.notes
            found = decoder.decode(
                photo.array, values.views, values.rotations, timings, key=key
            )
        except UserError as error:
            problem = error
            report(error)
        failures += found is None
        for note in notes:
            warn(f"{path}: {note}")
        if values.json:
            say(_record(path, found, notes, problem))
        elif not problem:
            say(describe(path, found))
        if values.timings:
            say(f"  {timings}", file=sys.stderr)
    return 1 if failures else 0


def main(arguments, values=flags.FLAGS):
    """Runs the command; returns its exit code."""
    no_arguments(arguments)
    paths, others = choose_photos(values)
    batch, left_out = bool(values.images_dir), []
    if batch:
        paths, residuals = split_residuals(paths, values.max_pixels)
        if residuals:
            left_out.append(count_names(residuals, "residual picture"))
        if others:
            left_out.append(str(others))
    key = keys.read_key(values)
    if values.threads:
        cv2.setNumThreads(values.threads)
    decoder = api.Decoder(values.model, values.threads, values.provider)
    code = read_photos(decoder, paths, batch, values, key)
    if left_out:
        say(f"left out {', '.join(left_out)}", file=sys.stderr)
    return code


if __name__ == "__main__":
    define_flags()
    run_main(main)
