"""Pictures of glasses: worn, side by side, and to print at their true size."""

import io
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from agns.frames import place, wear
from agns.marks import MARKS
from shared.grids import image_grid, write_png
from shared.images import make_directory, write_bytes
from shared.ranges import unit_to_levels

DOTS_PER_INCH = 300
_MARK = (40, 220, 60)


def print_sheet(glasses, mask, width_mm=136.0, marks=True):
    """A frame to print, cut out and wear: white paper, 300 dots an inch.

    Args:
        glasses: [64, 176, 3] in [-1, 1].
        mask: [224, 224], 1 on the frame.
        width_mm: Width of the frame on paper, in millimetres.
        marks: Whether to draw the seven green marks by which
            `--kind physical` finds the glasses in a photo.

    Returns:
        uint8 [H, W, 3] RGB, with a margin of 10 mm.
    """
    columns = np.flatnonzero(mask.any(axis=0))
    rows = np.flatnonzero(mask.any(axis=1))
    dots_per_mm = DOTS_PER_INCH / 25.4
    scale = width_mm * dots_per_mm / (columns[-1] - columns[0] + 1)
    margin = int(10 * dots_per_mm)
    size = (
        int(np.ceil(scale * (columns[-1] - columns[0] + 1))) + 2 * margin,
        int(np.ceil(scale * (rows[-1] - rows[0] + 1))) + 2 * margin,
    )
    # From a dot of the sheet to a position on the canvas, centres at halves.
    matrix = np.array(
        [
            [1 / scale, 0, columns[0] - 0.5 + (0.5 - margin) / scale],
            [0, 1 / scale, rows[0] - 0.5 + (0.5 - margin) / scale],
        ]
    )

    def enlarge(image):
        return cv2.warpAffine(
            image.astype(np.float32),
            matrix,
            size,
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        )

    # Uncut glasses: the frame's colours must not fade toward its edge.
    whole = place(glasses[None], np.ones_like(mask))[0]
    sheet = unit_to_levels((enlarge(whole) + 1) / 2)
    # The mask's steps, a pixel high, would be cut along.
    outline = cv2.GaussianBlur(mask, (0, 0), 1.0)
    sheet[enlarge(outline) < 0.5] = 255
    if marks:
        half = 2.5 * scale
        for x, y in (MARKS - matrix[:, 2]) * scale:
            corner = np.rint([x - half, y - 0.7 * half]).astype(int)
            other = np.rint([x + half, y + 0.7 * half]).astype(int)
            cv2.rectangle(sheet, corner, other, _MARK, -1)
    return sheet


def write_print(path, sheet, overwrite=False):
    """Writes a sheet as PNG that knows its true size."""
    buffer = io.BytesIO()
    Image.fromarray(sheet).save(
        buffer, "PNG", dpi=(DOTS_PER_INCH, DOTS_PER_INCH)
    )
    write_bytes(path, buffer.getvalue(), overwrite)


def attack_files(folder):
    """The files in a folder that `write_attack` would write there."""
    names = ("glasses.png", "print.png", "sheet.png")
    there = [Path(folder) / name for name in names]
    return [p for p in there if p.exists()] + sorted(
        Path(folder).glob("worn_[0-9][0-9].png")
    )


def write_attack(folder, glasses, photos, mask, width_mm, overwrite=False):
    """Writes what an attack made.

    `glasses.png` on black, `print.png`, `worn_NN.png` (the held-out photos
    with the glasses on, of marked photos all) and `sheet.png` with photos
    above and worn below.

    Args:
        folder: Where to.
        glasses: [64, 176, 3] in [-1, 1].
        photos: `agns.attack_run.Photos`.
        mask: [224, 224], 1 on the frame.
        width_mm: Width of the printed frame in millimetres.
        overwrite: Whether files that are there are replaced.
    """
    folder = Path(folder)
    make_directory(folder)
    pair = glasses[None]
    frame = unit_to_levels((place(pair, mask)[0] + 1) / 2)
    write_png(folder / "glasses.png", frame, overwrite)
    printed = print_sheet(glasses, mask, width_mm)
    write_print(folder / "print.png", printed, overwrite)
    faces, warps = photos.test, photos.test_warps
    if warps is not None:
        faces = np.concatenate([faces, photos.train])
        warps = np.concatenate([warps, photos.train_warps])
    pairs = np.repeat(pair, len(faces), axis=0)
    worn = unit_to_levels(wear(pairs, faces, mask, warps))
    for index, face in enumerate(worn, 1):
        write_png(folder / f"worn_{index:02d}.png", face, overwrite)
    shown = slice(0, 8)
    both = np.concatenate([unit_to_levels(faces[shown]), worn[shown]])
    sheet = image_grid(both, len(worn[shown]))
    write_png(folder / "sheet.png", sheet, overwrite)
