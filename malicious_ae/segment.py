"""Segments photos with a trained network.

    python -m malicious_ae.segment --images_dir photos --save_dir out

writes NAME_overlay.png, the classes' colours over the photo, and
NAME_labels.png, the class index of each pixel, both or none, and prints what
each photo shows. Files that exist are not replaced without --overwrite; in a
folder, what an earlier run wrote beside its photos is left out.

    python -m malicious_ae.segment --video drive.mp4 --save_dir out

writes NAME_overlay.mp4, of the same size, length and frames.
"""

from pathlib import Path

import numpy as np
from absl import flags

import shared.outputs
from malicious_ae import api
from malicious_ae.data import GrayCount
from malicious_ae.pictures import legend, overlay
from malicious_ae.videos import change_video
from shared.command import (
    check_one_of,
    choose_photos,
    define_photo_flags,
    no_arguments,
    progress,
    run_main,
)
from shared.errors import UserError, report
from shared.images import Photo, encode_photo, make_directory, read_photo
from shared.outputs import Outputs, refuse_existing, write_files
from shared.photo_folders import leave_out_outputs
from shared.text import say, warn

# What a run adds to a photo's name, and the format of those files.
ENDINGS = {"_overlay": (".png",), "_labels": (".png",)}


def photo_pixels(path, max_pixels):
    """Reads a photo as uint8 RGB [H, W, 3]."""
    photo = read_photo(path, max_pixels)
    for note in photo.notes:
        warn(f"{path}: {note}")
    return photo.rgb8


def segment_file(segmenter, path, save_dir, outputs, grays, values):
    """Segments one photo file and writes its pictures, both or none.

    Args:
        segmenter: api.Segmenter.
        path: Path of the photo.
        save_dir: Path of an existing directory.
        outputs: Outputs that says which files may be written.
        grays: GrayCount to add the photo to.
        values: The command's flags.

    Returns:
        Share of the photo by class name, greatest first.

    Raises:
        UserError: naming the file, if it cannot be read, or written.
    """
    targets = [save_dir / f"{path.stem}{ending}.png" for ending in ENDINGS]
    for target in targets:
        outputs.claim(target, path)
    photo = photo_pixels(path, values.max_pixels)
    grays.add(photo)
    labels = segmenter.segment(photo)
    picture = overlay(photo, labels, segmenter.classes, values.opacity)
    if values.legend:
        bar = legend(segmenter.classes, picture.shape[1])
        picture = np.concatenate([picture, bar])
    indices = Photo(np.stack([labels] * 3, axis=-1), gray=True)
    pictures = [encode_photo(p, ".png") for p in (Photo(picture), indices)]
    write_files(dict(zip(targets, pictures, strict=True)), values.overwrite)
    counts = np.bincount(labels.ravel(), minlength=segmenter.classes.count)
    shares = dict(
        zip(segmenter.classes.names, counts / labels.size, strict=True)
    )
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


def segment_video(values) -> int:
    """Marks a video; returns the command's exit code."""
    target = Path(values.save_dir) / f"{Path(values.video).stem}_overlay.mp4"
    refuse_existing(target, values.overwrite, [values.video])
    segmenter = api.Segmenter(values.model, values.threads, values.provider)
    make_directory(values.save_dir)
    counts = np.zeros(segmenter.classes.count, np.int64)

    def mark(frame):
        labels = segmenter.segment(frame)
        counts[:] += np.bincount(labels.ravel(), minlength=len(counts))
        return overlay(frame, labels, segmenter.classes, values.opacity)

    code = change_video(
        values.video, target, mark, values.max_pixels, values.overwrite
    )
    shares = zip(segmenter.classes.names, counts / counts.sum(), strict=True)
    seen = sorted(shares, key=lambda item: -item[1])
    seen = [f"{name} {share:.0%}" for name, share in seen if share >= 0.005]
    say(f"{values.video} -> {target}: {', '.join(seen)}")
    return code


def define_flags(values=flags.FLAGS) -> None:
    """Defines the command's flags."""
    define_photo_flags("One photo.", "Folder of photos.", values)
    flags.DEFINE_string(
        "video",
        None,
        "A video; NAME_overlay.mp4 is written, without sound.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "save_dir", None, "Where the results go.", flag_values=values
    )
    flags.DEFINE_float(
        "opacity",
        0.5,
        "How strong the colours are.",
        lower_bound=0.0,
        upper_bound=1.0,
        flag_values=values,
    )
    flags.DEFINE_bool(
        "legend", True, "Draw the classes' names below.", flag_values=values
    )
    shared.outputs.define_flags(values)
    api.define_flags(values)
    flags.mark_flag_as_required("save_dir", values)


def main(arguments, values=flags.FLAGS) -> int:
    """Runs the command; returns its exit code."""
    no_arguments(arguments)
    check_one_of(values, "image", "images_dir", "video")
    if values.video:
        return segment_video(values)
    paths, others = choose_photos(values)
    batch, left_out = bool(values.images_dir), []
    if batch:
        paths, left_out = leave_out_outputs(paths, others, ENDINGS)
    make_directory(values.save_dir)
    segmenter = api.Segmenter(values.model, values.threads, values.provider)
    save_dir, outputs = Path(values.save_dir), Outputs(values.overwrite, paths)
    failed, grays = 0, GrayCount()
    for path in progress(paths, batch):
        try:
            shares = segment_file(
                segmenter, path, save_dir, outputs, grays, values
            )
        except UserError as error:
            failed += 1
            report(error)
            continue
        seen = [f"{k} {v:.0%}" for k, v in shares.items() if v >= 0.005]
        say(f"{path.name}: {', '.join(seen)}")
    grays.tell()
    if failed:
        say(f"{failed} of {len(paths)} photos failed")
    if left_out:
        say(f"left out {', '.join(left_out)}")
    return 1 if failed else 0


if __name__ == "__main__":
    define_flags()
    run_main(main)
