"""Says whom photos show.

    python -m agns.recognize --image face.jpg
    python -m agns.recognize --images_dir faces --json
    python -m agns.recognize --images_dir photos --align

Takes aligned faces; with `--align` any photos, whose faces are found first. A
photo that does not look aligned gets a warning, since names from such photos
are mostly wrong. One line a face: file, name, probability. The network knows
only its people and finds one of them in everybody; below `--threshold` the
answer is `unknown`, with the likeliest name behind it.

Exit code: 0 if all photos were read, 1 if one was not (the others are).
"""

import sys

import numpy as np
from absl import flags

import shared.images
from agns import api
from agns.align import Aligner, find_files
from agns.people import as_face
from agns.pose_check import PoseCheck
from shared.command import (
    choose_photos,
    define_photo_flags,
    no_arguments,
    progress,
    run_main,
)
from shared.errors import UserError, report
from shared.images import read_photo
from shared.text import json_line, say, warn

UNKNOWN = "unknown"
# The rates of this and of other thresholds: docs/measured/agns.md, "Strangers".
THRESHOLD = 0.9


def define_flags(values=flags.FLAGS):
    """Defines the command's flags."""
    define_photo_flags(
        "One photo.",
        "Instead of --image: a folder of photos, or of folders of photos.",
        values,
    )
    flags.DEFINE_bool(
        "align", False, "Find and align the faces first.", flag_values=values
    )
    flags.DEFINE_string(
        "predictor",
        None,
        "--align: dlib's shape predictor of 5 or 68 marks (.dat).",
        flag_values=values,
    )
    flags.DEFINE_float(
        "threshold",
        THRESHOLD,
        "Say unknown below this probability; 0 always gives a name. Measured "
        "with openface42: at .5 70 % of strangers get a name and 2 % of known "
        "people none, at .9 20 % and 13 %, at .98 5 % and 25 %; with "
        "openface10 at .9 46 % and 3 %, at .95 29 % and 8 % "
        "(agns.strangers measures it).",
        lower_bound=0.0,
        upper_bound=1.0,
        flag_values=values,
    )
    flags.DEFINE_bool("json", False, "Print JSON lines.", flag_values=values)
    api.define_flags(api.RECOGNIZER, values)
    shared.images.define_flags(values)


def read_faces(path, aligner, max_pixels):
    """The faces of one photo, and what of it is left out.

    Returns:
        (faces, notes): [K, H, H, 3] uint8; str each.

    Raises:
        UserError: naming the file, if it cannot be read or shows no face.
    """
    photo = read_photo(path, max_pixels)
    for note in photo.notes:
        warn(f"{path}: {note}")
    if aligner is None:
        return as_face(photo, path)[None], photo.notes
    faces, _ = aligner.find(photo.rgb8)
    if not len(faces):
        raise UserError(f"{path}: no face found; try a larger or upright photo")
    return faces, photo.notes


def describe(path, number, name, share, aligned, threshold, notes=()):
    """What is said of one face, as a JSON line has it.

    Args:
        path: The photo.
        number: The face's number in it, from 1.
        name: The likeliest person.
        share: That person's probability.
        aligned: Whether the face lies as an aligned one does.
        threshold: Probability below which the name is `UNKNOWN`.
        notes: What of the photo is left out.

    Returns:
        Dict.
    """
    return {
        "file": str(path),
        "face": number,
        "name": name if share >= threshold else UNKNOWN,
        "likeliest": name,
        "probability": round(share, 6),
        "aligned": aligned,
        "notes": list(notes),
    }


def as_text(line):
    """The same as a line to read."""
    text = f"{line['file']}: {line['name']} {line['probability']:.3f}"
    if line["name"] != line["likeliest"]:
        text += f" (most like {line['likeliest']})"
    return text


def main(arguments, values=flags.FLAGS):
    """Runs the command; returns its exit code."""
    no_arguments(arguments)
    paths, left_out = choose_photos(values, find_files)
    recognizer = api.Recognizer(values.model, values.threads, values.provider)
    aligner = Aligner(values.predictor) if values.align else None
    check = PoseCheck()
    failures = unaligned = 0
    for path in progress(paths, bool(values.images_dir)):
        try:
            faces, notes = read_faces(path, aligner, values.max_pixels)
        except UserError as error:
            report(error)
            failures += 1
            continue
        aligned = aligner is not None or bool(check.scores(faces)[0] > 0)
        if not aligned:
            unaligned += 1
            warn(
                f"{path}: does not look like an aligned face, and names from "
                "other photos are mostly wrong; add --align, or align it with "
                "python -m agns.align"
            )
        answers = zip(*recognizer.recognize(np.asarray(faces)), strict=True)
        for number, (name, share) in enumerate(answers, 1):
            line = describe(
                path, number, name, share, aligned, values.threshold, notes
            )
            say(json_line(line, "file") if values.json else as_text(line))
    if values.images_dir and not values.json:
        say(
            f"{len(paths) - failures} of {len(paths)} photos read, "
            f"{unaligned} of them not aligned"
        )
    if left_out:
        say(f"left out {left_out}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    define_flags()
    run_main(main)
