"""Makes pictures of eyeglass frames.

    python -m agns.generate --save_dir frames --count 16 --seed 7

Writes `frames/glasses_NNNN.png` on black, in the place where they sit on an
aligned face, and `grid.png` of the first sixteen. The folder `frames` is one
for `agns.train_recognizer --glasses_dir`. The same seed makes the same glasses.
"""

from pathlib import Path

from absl import flags
from tqdm import tqdm

from agns import api
from agns.frames import load_mask, place
from agns.pictures import print_sheet, unit_to_uint8, write_print
from shared.errors import UserError, no_arguments, run_main
from shared.grids import image_grid, write_png
from shared.images import make_directory

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
    api.define_flags(api.EYEGLASSES, values)


def main(arguments, values=flags.FLAGS):
    """Runs the command; returns its exit code."""
    no_arguments(arguments)
    if not values.save_dir:
        raise UserError("--save_dir is missing: where should the glasses go?")
    generator = api.Generator(values.model, values.threads, values.provider)
    save_dir = Path(values.save_dir)
    frames_dir = save_dir / "frames"
    make_directory(frames_dir)
    mask = load_mask()
    first = []
    bar = tqdm(total=values.count, unit="pair", disable=None, leave=False)
    for start in range(0, values.count, _BATCH):
        count = min(_BATCH, values.count - start)
        # A seed a batch, so that a longer set begins with the shorter one.
        glasses = generator.glasses(_BATCH, [values.seed, start])[:count]
        pictures = unit_to_uint8((place(glasses, mask) + 1) / 2)
        for index in range(count):
            number = start + index
            write_png(frames_dir / f"glasses_{number:04d}.png", pictures[index])
            if values.print_sheets:
                write_print(
                    save_dir / f"print_{number:04d}.png",
                    print_sheet(glasses[index], mask),
                )
            bar.update()
        first += list(pictures[: max(0, 16 - len(first))])
    bar.close()
    grid = image_grid([picture[48:122, 20:206] for picture in first])
    write_png(save_dir / "grid.png", grid)
    print(f"{values.count} pairs in {save_dir}")
    return 0


if __name__ == "__main__":
    define_flags()
    run_main(main)
