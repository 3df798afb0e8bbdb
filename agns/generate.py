"""Makes pictures of eyeglass frames.

    python -m agns.generate --save_dir frames --count 16 --seed 7

Writes `frames/glasses_NNNN.png` on black, in the place where they sit on an
aligned face, and `grid.png` of the first sixteen. The folder `frames` is one
for `agns.train_recognizer --glasses_dir`. The same seed makes the same glasses.
Files that exist are not replaced without --overwrite.
"""

from pathlib import Path

from absl import flags
from tqdm import tqdm

import shared.outputs
from agns import api
from agns.frames import load_mask, place
from agns.pictures import print_sheet, write_print
from shared.command import no_arguments, run_main
from shared.errors import UserError
from shared.grids import image_grid, write_png
from shared.images import make_directory
from shared.outputs import refuse_existing
from shared.ranges import unit_to_levels
from shared.text import say

# Codes that go through the network at a time.
_BATCH = 64


def define_flags(values=flags.FLAGS):
    """Defines the command's flags."""
    flags.DEFINE_string(
        "save_dir",
        None,
        "Directory for the pictures; made if it is missing.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "count", 16, "Pairs to make.", lower_bound=1, flag_values=values
    )
    flags.DEFINE_integer("seed", 0, "Seed of the codes.", flag_values=values)
    flags.DEFINE_bool(
        "print_sheets",
        False,
        "Also write print_NNNN.png, to print at the frame's true size.",
        flag_values=values,
    )
    shared.outputs.define_flags(values)
    api.define_flags(api.EYEGLASSES, values)


def picture_paths(save_dir, number):
    """The files of one pair: the picture, and the sheet to print."""
    return (
        save_dir / "frames" / f"glasses_{number:04d}.png",
        save_dir / f"print_{number:04d}.png",
    )


def main(arguments, values=flags.FLAGS):
    """Runs the command; returns its exit code."""
    no_arguments(arguments)
    if not values.save_dir:
        raise UserError("--save_dir is missing: where should the glasses go?")
    generator = api.Generator(values.model, values.threads, values.provider)
    save_dir = Path(values.save_dir)
    make_directory(save_dir / "frames")
    refuse_existing(save_dir / "grid.png", values.overwrite)
    for number in range(values.count):
        for path in picture_paths(save_dir, number)[: 1 + values.print_sheets]:
            refuse_existing(path, values.overwrite)
    mask = load_mask()
    first = []
    bar = tqdm(total=values.count, unit="pair", disable=None, leave=False)
    for start in range(0, values.count, _BATCH):
        count = min(_BATCH, values.count - start)
        # A seed a batch, so that a longer set begins with the shorter one.
        glasses = generator.glasses(_BATCH, [values.seed, start])[:count]
        pictures = unit_to_levels((place(glasses, mask) + 1) / 2)
        for index in range(count):
            picture, printed = picture_paths(save_dir, start + index)
            write_png(picture, pictures[index], values.overwrite)
            if values.print_sheets:
                sheet = print_sheet(glasses[index], mask)
                write_print(printed, sheet, values.overwrite)
            bar.update()
        first += list(pictures[: max(0, 16 - len(first))])
    bar.close()
    grid = image_grid([picture[48:122, 20:206] for picture in first])
    write_png(save_dir / "grid.png", grid, values.overwrite)
    say(f"{values.count} pairs in {save_dir}")
    return 0


if __name__ == "__main__":
    define_flags()
    run_main(main)
