"""Hide a message in a photo, damage the photo, and read the message back.

    python -m stegastamp.demo --save_dir demo_output

Takes a few seconds on a laptop and needs the packages of
requirements-runtime.txt only. Without --image it uses a photo that comes along
(Kodak PhotoCD 23, two macaws; free for any use). Its pictures are written all
or none, and replace those of an earlier demo, but no other files.

Exit code: 0 if the message came back from every damaged photo, 1 if not.
"""

import dataclasses
import os
from pathlib import Path

import cv2
import numpy as np
from absl import flags

import shared.outputs
from shared.command import no_arguments, run_main
from shared.errors import UserError
from shared.images import Photo, encode_photo, make_directory, read_photo
from shared.measures.quality import psnr
from shared.outputs import refuse_existing, write_files
from shared.text import say, warn
from stegastamp import api

PHOTO = Path(__file__).parent / "assets" / "macaws.jpg"


def define_flags(values=flags.FLAGS):
    """Defines the command's flags."""
    shared.outputs.define_save_dir(
        "Directory for the pictures; made if it is missing.",
        "output_dir",
        values,
        default="demo_output",
    )
    flags.DEFINE_string(
        "image", str(PHOTO), "The photo to use.", flag_values=values
    )
    flags.DEFINE_string(
        "secret", "Stega!!", "The message to hide.", flag_values=values
    )
    shared.outputs.define_flags(values)
    api.define_flags(values)


def compress(image):
    """JPEG at quality 50. uint8 [H, W, 3] RGB in and out, as all below."""
    parameters = [cv2.IMWRITE_JPEG_QUALITY, 50]
    data = cv2.imencode(".jpg", image[..., ::-1], parameters)[1]
    return cv2.imdecode(data, cv2.IMREAD_COLOR_RGB)


def shrink(image):
    """Half the size and back."""
    height, width = image.shape[:2]
    half = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return cv2.resize(half, (width, height), interpolation=cv2.INTER_CUBIC)


def blur(image):
    """Gaussian blur over 5 pixels."""
    return cv2.GaussianBlur(image, (5, 5), 0)


def brighten(image):
    """Brightness times 1.2, clipped."""
    return cv2.convertScaleAbs(image, alpha=1.2)


def everything(image):
    """All of them, one after the other."""
    return compress(brighten(blur(shrink(image))))


DAMAGES = {
    "jpeg": ("JPEG at quality 50", compress),
    "resize": ("half the size and back", shrink),
    "blur": ("blurred over 5 pixels", blur),
    "brightness": ("20 % brighter", brighten),
    "all": ("all of these together", everything),
}


def _answer(found, secret):
    if not found:
        return "no message found"
    if found.message != secret:
        return f"another message, {found.message!r}"
    return f"{found.message!r} (corrected {found.corrected_bits} bit errors)"


def check_targets(output, photo, overwrite):
    """Refuses to replace files that are not all those of an earlier demo.

    Args:
        output: Path of the demo's folder.
        photo: the file that is read.
        overwrite: bool, whether to replace any but that.

    Returns:
        bool, whether what is there is to be replaced.

    Raises:
        UserError: naming the first file that may not be.
    """
    names = ["cover", "stamped", "residual_x10"]
    names += [f"damaged_{name}" for name in DAMAGES]
    targets = [output / f"{name}.png" for name in names]
    # A demo writes all of them or none.
    overwrite = overwrite or all(map(os.path.lexists, targets))
    for target in targets:
        refuse_existing(target, overwrite, [photo])
    return overwrite


def write_pictures(output, pictures, photo, overwrite):
    """Writes the demo's pictures and says what they are.

    Args:
        output: Path of the demo's folder.
        pictures: dict, (what it shows, uint8 [H, W, 3]) by name.
        photo: Photo whose colour profile those have that are photos.
        overwrite: bool, whether files that are there are replaced.
    """
    contents = {}
    for name, (_, pixels) in pictures.items():
        picture = Photo(pixels)
        if name != "residual_x10":
            picture = dataclasses.replace(photo, pixels=pixels)
        contents[output / f"{name}.png"] = encode_photo(picture, ".png")
    write_files(contents, overwrite)
    for path, (text, _) in zip(contents, pictures.values(), strict=True):
        say(f"  {path}  ({text})")


def main(arguments, values=flags.FLAGS):
    """Runs the demo; returns its exit code."""
    no_arguments(arguments)
    output = Path(values.save_dir)
    settings = (values.model, values.threads, values.provider)
    encoder, decoder = api.Encoder(*settings), api.Decoder(*settings)
    overwrite = check_targets(output, values.image, values.overwrite)
    photo = read_photo(values.image, values.max_pixels)
    for note in photo.notes:
        warn(f"{values.image}: {note}")
    # The damages are 8-bit colour; so is what the demo shows.
    cover = photo.rgb8
    photo = dataclasses.replace(photo, pixels=cover, alpha=None, gray=False)
    secret = values.secret

    # Hide.
    try:
        # What cannot be read is shown below.
        stamped, residual = encoder.encode(cover, secret, check=False)
    except ValueError as error:
        raise UserError(f"--image={values.image}: {error}") from error
    make_directory(output)
    tenfold = np.clip(127.5 + 2550 * residual, 0, 255).astype(np.uint8)
    pictures = {
        "cover": ("the photo", cover),
        "stamped": ("the photo with the message", stamped),
        "residual_x10": ("what was added, ten times as strong", tenfold),
    }
    height, width = cover.shape[:2]
    say(f"Photo:    {values.image} ({width} x {height})")
    say(f"Message:  {secret!r}")
    print(f"Change:   PSNR {psnr(cover, stamped):.1f} dB")

    # Damage, and read back.
    print("Read back from the photo")
    rows = [("stamped", "as it is", stamped)]
    for name, (text, damage) in DAMAGES.items():
        damaged = damage(stamped)
        pictures[f"damaged_{name}"] = (text, damaged)
        rows.append((name, text, damaged))
    lost = []
    for _, text, image in rows:
        found = decoder.decode(image)
        say(f"  {text:<24}{_answer(found, secret)}")
        if not found or found.message != secret:
            lost.append(text)

    # Show.
    print("Pictures")
    write_pictures(output, pictures, photo, overwrite)
    if lost:
        print(f"The message was lost from: {'; '.join(lost)}")
        return 1
    say(f"Decoded message: {secret}")
    return 0


if __name__ == "__main__":
    define_flags()
    run_main(main)
