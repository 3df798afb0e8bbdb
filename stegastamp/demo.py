"""Hide a message in a photo, damage the photo, and read the message back.

    python -m stegastamp.demo --output_dir demo_output

Takes about a second on a laptop and needs the packages of
requirements-runtime.txt only. Without --image it uses a photo that comes along
(Kodak PhotoCD 23, two macaws; free for any use).

Exit code: 0 if the message came back from every damaged photo, 1 if not.
"""

import dataclasses
import math
from pathlib import Path

import cv2
import numpy as np
from absl import flags

from shared.errors import UserError, no_arguments, run_main
from shared.images import Photo, make_directory, read_photo, write_photo
from stegastamp import api

PHOTO = Path(__file__).parent / "assets" / "macaws.jpg"


def define_flags(values=flags.FLAGS):
    """Defines the command's flags."""
    flags.DEFINE_string(
        "output_dir",
        "demo_output",
        "Directory for the pictures; made if it is missing.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "image", str(PHOTO), "The photo to use.", flag_values=values
    )
    flags.DEFINE_string(
        "secret", "Stega!!", "The message to hide.", flag_values=values
    )
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


def _psnr(first, second):
    error = cv2.norm(first, second, cv2.NORM_L2SQR) / first.size
    return 10 * math.log10(255**2 / error) if error else math.inf


def _answer(found, secret):
    if not found:
        return "no message found"
    if found.message != secret:
        return f"another message, {found.message!r}"
    return f"{found.message!r} (corrected {found.corrected_bits} bit errors)"


def main(arguments, values=flags.FLAGS):
    """Runs the demo; returns its exit code."""
    no_arguments(arguments)
    output = Path(values.output_dir)
    settings = (values.model, values.threads, values.provider)
    encoder, decoder = api.Encoder(*settings), api.Decoder(*settings)
    photo = read_photo(values.image, values.max_pixels)
    # The damages are 8-bit colour; so is what the demo shows.
    cover = photo.pixels
    if photo.bit_depth == 16:
        cover = cv2.convertScaleAbs(cover, alpha=1 / 257)
    photo = dataclasses.replace(photo, pixels=cover, alpha=None, gray=False)
    secret = values.secret

    # Hide.
    try:
        stamped, residual = encoder.encode(cover, secret)
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
    print(f"Photo:    {values.image} ({width} x {height})")
    print(f"Message:  {secret!r}")
    print(f"Change:   PSNR {_psnr(cover, stamped):.1f} dB")

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
        print(f"  {text:<24}{_answer(found, secret)}")
        if not found or found.message != secret:
            lost.append(text)

    # Show.
    print("Pictures")
    for name, (text, pixels) in pictures.items():
        path = output / f"{name}.png"
        is_photo = name != "residual_x10"
        picture = (
            dataclasses.replace(photo, pixels=pixels)
            if is_photo
            else Photo(pixels)
        )
        write_photo(path, picture)
        print(f"  {path}  ({text})")
    if lost:
        print(f"The message was lost from: {'; '.join(lost)}")
        return 1
    print(f"Decoded message: {secret}")
    return 0


if __name__ == "__main__":
    define_flags()
    run_main(main)
