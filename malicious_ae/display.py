"""Shows what an attack does: before and after, photo and segmentation.

    python -m malicious_ae.display --dataset_dir camvid --save_dir out

writes display_train.png and display_val.png: a row a frame with the photo, its
segmentation, the transformed photo and its segmentation, and a legend. Files
that exist are not replaced without --overwrite.

    python -m malicious_ae.display --video drive.mp4 --save_dir out

writes NAME_display.mp4 with the same four pictures, two by two, at the
network's size.
"""

from pathlib import Path

import numpy as np
from absl import flags

import shared.outputs
from malicious_ae import api
from malicious_ae.classes import check_same
from malicious_ae.data import SPLITS, Frames, GrayCount, resize_frame
from malicious_ae.flags import data_classes, define_data_flags
from malicious_ae.pictures import colorize, panels
from malicious_ae.videos import change_video
from shared.command import no_arguments, run_main
from shared.errors import UserError
from shared.images import Photo, make_directory, write_photo
from shared.measures.quality import psnr
from shared.outputs import refuse_existing
from shared.text import say

CAPTIONS = ("photo", "segmentation", "transformed", "segmentation of it")


def display_rows(attacker, segmenter, frames):
    """Makes the panel's rows.

    Args:
        attacker: api.Attacker.
        segmenter: api.Segmenter that fits it.
        frames: Photos, uint8 [H, W, 3].

    Returns:
        Lists of four pictures uint8 [H, W, 3], and the PSNR of each frame.
    """
    rows, qualities = [], []
    for photo in frames:
        # Transformed once; the original's display did it twice.
        attacked = attacker.attack(photo)
        rows.append(
            [
                photo,
                colorize(segmenter.segment(photo), segmenter.classes),
                attacked,
                colorize(segmenter.segment(attacked), segmenter.classes),
            ]
        )
        qualities.append(psnr(photo, attacked))
    return rows, qualities


def sheet_path(save_dir, split):
    """The file of a split's panel."""
    return Path(save_dir) / f"display_{split}.png"


def display_video(segmenter, attacker, values) -> int:
    """Shows the attack on a video; returns the command's exit code."""
    target = Path(values.save_dir) / f"{Path(values.video).stem}_display.mp4"
    refuse_existing(target, values.overwrite, [values.video])
    make_directory(values.save_dir)
    qualities = []
    size = (segmenter.height, segmenter.width)

    def show(frame):
        photo = resize_frame(frame, *size)
        (row,), found = display_rows(attacker, segmenter, [photo])
        qualities.extend(found)
        return np.vstack([np.hstack(row[:2]), np.hstack(row[2:])])

    code = change_video(
        values.video, target, show, values.max_pixels, values.overwrite
    )
    mean, count = np.mean(qualities), len(qualities)
    say(f"{target}: PSNR {mean:.2f} dB over {count} frames")
    return code


def define_flags(values=flags.FLAGS) -> None:
    """Defines the command's flags."""
    define_data_flags(values, required=False)
    flags.DEFINE_string(
        "video",
        None,
        "A video, in place of the frames of --dataset_dir.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "attacker",
        api.ATTACKER,
        "A name under malicious_ae/weights, or a directory with attacker.onnx.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "save_dir", None, "Where the pictures go.", flag_values=values
    )
    flags.DEFINE_list(
        "splits", ["train", "val"], "Which splits to show.", flag_values=values
    )
    flags.DEFINE_integer(
        "count", 3, "Frames of each split.", lower_bound=1, flag_values=values
    )
    shared.outputs.define_flags(values)
    api.define_flags(values)
    flags.mark_flag_as_required("save_dir", values)


def main(arguments, values=flags.FLAGS) -> int:
    """Runs the command; returns its exit code."""
    no_arguments(arguments)
    if bool(values.dataset_dir) == bool(values.video):
        raise UserError("give one of --dataset_dir and --video")
    for split in values.splits if values.dataset_dir else ():
        if split not in SPLITS:
            raise UserError(
                f"--splits={split}: must be among {', '.join(SPLITS)}"
            )
        refuse_existing(sheet_path(values.save_dir, split), values.overwrite)
    segmenter = api.Segmenter(values.model, values.threads, values.provider)
    attacker = api.Attacker(values.attacker, values.threads, values.provider)
    api.check_fit(attacker, segmenter)
    if values.video:
        return display_video(segmenter, attacker, values)
    classes, flag = data_classes(values)
    check_same(segmenter.classes, classes, flag)
    make_directory(values.save_dir)
    grays = GrayCount()
    for split in values.splits:
        frames = Frames(
            values.dataset,
            values.dataset_dir,
            split,
            segmenter.height,
            segmenter.width,
            classes=classes,
        )
        # Spread over the split: neighbours are frames of one video.
        count = min(values.count, len(frames))
        picks = np.linspace(0, len(frames) - 1, count).astype(int)
        photos = [frames[int(index)][0] for index in picks]
        for photo in photos:
            grays.add(photo)
        rows, qualities = display_rows(attacker, segmenter, photos)
        path = sheet_path(values.save_dir, split)
        sheet = panels(rows, segmenter.classes, CAPTIONS)
        write_photo(path, Photo(sheet), overwrite=values.overwrite)
        mean = np.mean(qualities)
        say(f"{path}: PSNR {mean:.2f} dB over {count} frames")
    grays.tell()
    return 0


if __name__ == "__main__":
    define_flags()
    run_main(main)
