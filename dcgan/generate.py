"""Draws images with a trained generator, on ONNX Runtime.

    python -m dcgan.generate --count 64 --seed 1 --output grid.png
    python -m dcgan.generate --count 8 --output sevens.png --label 7
    python -m dcgan.generate --count 8 --output walks.png --interpolate
    python -m dcgan.generate --count 1000 --output images

An output that ends in .png is one picture of all images; any other is a
directory of a PNG each. The same seed draws the same images. Files that exist
are not replaced without --overwrite.
"""

from pathlib import Path

from absl import flags

import shared.outputs
from dcgan import api
from shared.command import no_arguments, run_main
from shared.errors import UserError
from shared.grids import image_grid, write_png
from shared.images import Photo, make_directory, write_photo
from shared.outputs import refuse_existing
from shared.text import say

# Latents drawn at a time, so that a large count needs little memory.
CHUNK = 1024


def define_flags(values=flags.FLAGS):
    """Defines the command's flags."""
    api.define_flags(values)
    flags.DEFINE_integer(
        "count",
        16,
        "Images; with --interpolate, walks.",
        flag_values=values,
    )
    flags.DEFINE_integer("seed", 0, "Which images.", flag_values=values)
    flags.DEFINE_string(
        "label",
        None,
        "Class of the images, of a generator that was told classes: its name, "
        "or its number from 0. Default: any.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "output",
        None,
        "A directory for a file an image, or one PNG for all of them.",
        flag_values=values,
    )
    flags.DEFINE_bool(
        "interpolate",
        False,
        "Draw walks through the latents, a row each.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "walk_steps", 10, "Images of a walk.", flag_values=values
    )
    flags.DEFINE_integer(
        "scale",
        2,
        "Whole number by which a picture of all is enlarged.",
        lower_bound=1,
        flag_values=values,
    )
    shared.outputs.define_flags(values)


def image_path(folder, number):
    """The file of the image of a number: 00000.png and on."""
    return folder / f"{number:05}.png"


def write_images(folder, images, first=0, overwrite=False):
    """Writes a PNG for each image; see `image_path`.

    Args:
        folder: Path of an existing directory.
        images: uint8 [N, H, W, 1 or 3].
        first: Number of the first file.
        overwrite: Whether files that are there are replaced.
    """
    for number, image in enumerate(images, first):
        gray = image.shape[-1] == 1
        photo = Photo(image.repeat(3, axis=-1) if gray else image, gray=gray)
        write_photo(image_path(folder, number), photo, overwrite=overwrite)


def find_label(generator, values):
    """The number of the class that --label asks for, or None.

    Raises:
        UserError: naming the classes, if there is none such.
    """
    if values.label is None:
        return None
    classes, names = generator.space.classes, generator.class_names
    if values.label in names:
        return names.index(values.label)
    if values.label.isdecimal() and int(values.label) < classes:
        return int(values.label)
    known = "was told no classes; leave the flag out"
    if classes:
        known = f"knows classes 0 to {classes - 1}"
        known += f": {', '.join(names)}" if names else ""
    raise UserError(f"--label={values.label}: {values.model} {known}")


def main(arguments, values=flags.FLAGS):
    """Runs the command."""
    no_arguments(arguments)
    if not values.output:
        raise UserError("--output is missing: a directory, or a .png file")
    for name, least in (("count", 1), ("seed", 0), ("walk_steps", 2)):
        if values[name].value < least:
            raise UserError(
                f"--{name}={values[name].value}: must be at least {least}"
            )
    output = Path(values.output)
    generator = api.Generator(values.model, values.threads, values.provider)
    columns = None
    asked = {"seed": values.seed, "label": find_label(generator, values)}
    if values.interpolate:
        walks = generator.walks(values.count, values.walk_steps, **asked)
        latents = walks.reshape(-1, generator.latent_size)
        columns = values.walk_steps
    else:
        latents = generator.latents(values.count, **asked)
    if output.suffix.lower() == ".png":
        refuse_existing(output, values.overwrite)
        make_directory(output.parent)
        images = generator.draw(latents)
        grid = image_grid(images, columns, scale=values.scale)
        write_png(output, grid, values.overwrite)
    else:
        make_directory(output)
        for number in range(len(latents)):
            refuse_existing(image_path(output, number), values.overwrite)
        for start in range(0, len(latents), CHUNK):
            images = generator.draw(latents[start : start + CHUNK])
            write_images(output, images, start, values.overwrite)
    say(f"{len(latents)} images -> {output}")


if __name__ == "__main__":
    define_flags()
    run_main(main)
