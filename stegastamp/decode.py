"""Read the message from a photo, or from every photo of a directory.

    python -m stegastamp.decode --image out/photo_hidden.png
    python -m stegastamp.decode --images_dir out --json
    python -m stegastamp.decode --image out/photo_hidden.png --key_file key.txt

Prints one line a photo: PATH: 'Stega!!' (corrected 2 bit errors), or
PATH: no message found. With --json each line is an object with path, message,
corrected_bits, confidence (mean over the bits of how sure the network was, 0
to 1), view (how the photo was looked at) and keyed (whether it was read with a
key); message is null where none was found, and error says why a file could not
be read.

In a directory that stegastamp.encode wrote, the NAME_residual.png files beside
NAME_hidden files are left out.

Exit code: 0 if every photo gave a message, 1 if one did not, 130 after Ctrl-C.
"""

import json
import sys

import cv2
from absl import flags

from shared import keys
from shared.errors import UserError, error_line, no_arguments, run_main
from shared.images import read_photo
from stegastamp import api
from stegastamp.encode import choose_photos, progress
from stegastamp.views import VIEWS


def define_flags(values=flags.FLAGS):
    """Defines the command's flags."""
    flags.DEFINE_string("image", None, "The photo to read.", flag_values=values)
    flags.DEFINE_string(
        "images_dir",
        None,
        "Instead of --image: a directory whose photos are all read.",
        flag_values=values,
    )
    flags.DEFINE_bool(
        "json", False, "Print one JSON object a line.", flag_values=values
    )
    flags.DEFINE_enum(
        "views",
        "fast",
        sorted(VIEWS),
        "How many fixed ways a photo is looked at when the whole of it "
        f"carries no message, in case it was cropped or framed: fast is "
        f"{len(VIEWS['fast'])}, thorough {len(VIEWS['thorough'])}. The surest "
        "of them is then tilted step by step. With a 100-bit model a random "
        "word is taken for a message at most 1.4e-8 times the number of words "
        "tried: 3.0e-7 and 5.8e-7.",
        flag_values=values,
    )
    flags.DEFINE_bool(
        "rotations",
        False,
        "Also look at the photo turned by 90, 180 and 270 degrees (18 views "
        "more).",
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


def _record(path, found, error=None):
    """One line for a program."""
    record = {
        "path": str(path),
        "message": found.message if found else None,
        "corrected_bits": found.corrected_bits if found else None,
        "confidence": round(found.confidence, 4) if found else None,
        "view": found.view if found else None,
        "keyed": found.keyed if found else None,
    }
    if error:
        record["error"] = str(error)
    return json.dumps(record, ensure_ascii=False)


def _drop_residuals(paths):
    """Leaves out the residual pictures that lie beside a stamped photo."""
    stamped = {path.stem for path in paths}
    return [
        path
        for path in paths
        if not path.stem.endswith("_residual")
        or path.stem.removesuffix("_residual") + "_hidden" not in stamped
    ]


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
    photos, say = progress(paths, batch)
    for path in photos:
        timings = api.Timings()
        found = problem = None
        try:
            with timings.stage("read"):
                photo = read_photo(path, values.max_pixels)
            found = decoder.decode(
                photo.array, values.views, values.rotations, timings, key=key
            )
        except UserError as error:
            problem = error
            say(error_line(error), file=sys.stderr)
        failures += found is None
        if values.json:
            say(_record(path, found, problem))
        elif not problem:
            say(describe(path, found))
        if values.timings:
            say(f"  {timings}", file=sys.stderr)
    return 1 if failures else 0


def main(arguments, values=flags.FLAGS):
    """Runs the command; returns its exit code."""
    no_arguments(arguments)
    paths = choose_photos(values.image, values.images_dir)
    batch = bool(values.images_dir)
    if batch:
        paths = _drop_residuals(paths)
    key = keys.read_key(values)
    if values.threads:
        cv2.setNumThreads(values.threads)
    decoder = api.Decoder(values.model, values.threads, values.provider)
    return read_photos(decoder, paths, batch, values, key)


if __name__ == "__main__":
    define_flags()
    run_main(main)
