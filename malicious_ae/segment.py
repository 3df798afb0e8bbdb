"""Segments photos with a trained network.

    python -m malicious_ae.segment --images_dir photos --save_dir out

writes NAME_overlay.png, the classes' colours over the photo, and
NAME_labels.png, the class index of each pixel, and prints what each photo
shows.
"""

from pathlib import Path

import numpy as np
from absl import flags
from tqdm import tqdm

from malicious_ae import api
from malicious_ae.pictures import legend, overlay
from shared.errors import UserError, no_arguments, report, run_main
from shared.images import (
    Photo,
    list_photos,
    make_directory,
    read_photo,
    write_photo,
)


def photo_pixels(path, max_pixels):
    """Reads a photo as uint8 RGB [H, W, 3]."""
    pixels = read_photo(path, max_pixels).pixels
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    return pixels


def segment_file(segmenter, path, save_dir, max_pixels, opacity, with_legend):
    """Segments one photo file and writes its pictures.

    Returns:
        Share of the photo by class name, greatest first.
    """
    photo = photo_pixels(path, max_pixels)
    labels = segmenter.segment(photo)
    picture = overlay(photo, labels, segmenter.classes, opacity)
    if with_legend:
        bar = legend(segmenter.classes, picture.shape[1])
        picture = np.concatenate([picture, bar])
    write_photo(save_dir / f"{path.stem}_overlay.png", Photo(picture))
    indices = Photo(np.stack([labels] * 3, axis=-1), gray=True)
    write_photo(save_dir / f"{path.stem}_labels.png", indices)
    counts = np.bincount(labels.ravel(), minlength=segmenter.classes.count)
    shares = dict(
        zip(segmenter.classes.names, counts / labels.size, strict=True)
    )
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


def define_flags() -> None:
    """Defines the command's flags."""
    flags.DEFINE_string("image", None, "One photo.")
    flags.DEFINE_string("images_dir", None, "Folder of photos.")
    flags.DEFINE_string("save_dir", None, "Where the results go.")
    flags.DEFINE_float(
        "opacity",
        0.5,
        "How strong the colours are.",
        lower_bound=0.0,
        upper_bound=1.0,
    )
    flags.DEFINE_bool("legend", True, "Draw the classes' names below.")
    api.define_flags()
    flags.mark_flag_as_required("save_dir")


def main(arguments) -> int:
    """Runs the command; returns its exit code."""
    no_arguments(arguments)
    values = flags.FLAGS
    if bool(values.image) == bool(values.images_dir):
        raise UserError("give either --image or --images_dir")
    paths = [Path(values.image)] if values.image else None
    paths = paths or list_photos(values.images_dir)
    make_directory(values.save_dir)
    segmenter = api.Segmenter(values.model, values.threads, values.provider)
    failed = 0
    with tqdm(paths, unit="photo", disable=None) as progress:
        for path in progress:
            try:
                shares = segment_file(
                    segmenter,
                    path,
                    Path(values.save_dir),
                    values.max_pixels,
                    values.opacity,
                    values.legend,
                )
            except UserError as error:
                failed += 1
                progress.clear()
                report(error)
                continue
            seen = [f"{k} {v:.0%}" for k, v in shares.items() if v >= 0.005]
            progress.clear()
            print(f"{path.name}: {', '.join(seen)}", flush=True)
    if failed:
        print(f"{failed} of {len(paths)} photos failed")
    return 1 if failed else 0


if __name__ == "__main__":
    define_flags()
    run_main(main)
