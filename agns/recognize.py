"""Says whom photos show.

    python -m agns.recognize --image face.jpg
    python -m agns.recognize --images_dir faces --json
    python -m agns.recognize --images_dir photos --align

Takes aligned faces; with `--align` any photos, whose faces are found first.
One line a face: file, name, probability. A name is always given: the network
knows only its people, and a stranger gets the most similar one.

Exit code: 0 if all photos were read, 1 if one was not (the others are).
"""

import sys
from pathlib import Path

import numpy as np
from absl import flags

import shared.images
from agns import api
from agns.align import Aligner, as_uint8, find_files
from agns.people import load_faces
from shared.errors import UserError, no_arguments, report, run_main
from shared.images import read_photo
from shared.photo_folders import LeftOut
from shared.text import json_line, say, warn


def define_flags(values=flags.FLAGS):
    """Defines the command's flags."""
    flags.DEFINE_string("image", None, "One photo.", flag_values=values)
    flags.DEFINE_string(
        "images_dir",
        None,
        "Instead of --image: a folder of photos, or of folders of photos.",
        flag_values=values,
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
    flags.DEFINE_bool("json", False, "Print JSON lines.", flag_values=values)
    api.define_flags(api.RECOGNIZER, values)
    shared.images.define_flags(values)


def read_faces(path, aligner, max_pixels):
    """The faces of one photo, [K, H, H, 3] uint8.

    Raises:
        UserError: naming the file, if it cannot be read or shows no face.
    """
    if aligner is None:
        return load_faces([path])
    photo = read_photo(path, max_pixels)
    for note in photo.notes:
        warn(f"{path}: {note}")
    faces, _ = aligner.find(as_uint8(photo))
    if not len(faces):
        raise UserError(f"{path}: no face found; try a larger or upright photo")
    return faces


def main(arguments, values=flags.FLAGS):
    """Runs the command; returns its exit code."""
    no_arguments(arguments)
    if bool(values.image) == bool(values.images_dir):
        raise UserError("give one of --image and --images_dir")
    paths, left_out = [Path(values.image or "")], LeftOut()
    if values.images_dir:
        paths, left_out = find_files(values.images_dir)
    recognizer = api.Recognizer(values.model, values.threads, values.provider)
    aligner = Aligner(values.predictor) if values.align else None
    failures = 0
    for path in paths:
        try:
            faces = read_faces(path, aligner, values.max_pixels)
        except UserError as error:
            report(error)
            failures += 1
            continue
        names, found = recognizer.recognize(np.asarray(faces))
        for face, (name, share) in enumerate(zip(names, found, strict=True), 1):
            if values.json:
                line = {
                    "file": path,
                    "face": face,
                    "name": name,
                    "probability": round(share, 6),
                }
                say(json_line(line, "file"))
            else:
                say(f"{path}: {name} {share:.3f}")
    if values.images_dir and not values.json:
        say(f"{len(paths) - failures} of {len(paths)} photos read")
    if left_out:
        say(f"left out {left_out}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    define_flags()
    run_main(main)
