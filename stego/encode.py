"""Hide a text or a file in a photo.

    python -m stego.encode --image photo.jpg --text 'Meet at nine.' \\
        --output hidden.png
    python -m stego.encode --image photo.jpg --text_file letter.txt \\
        --key_file key.txt --output hidden.png

The output is a PNG file, since the message lives in single levels. It is read
back before it is put in place: either it holds exactly the message, or
nothing is written. A file that exists is not replaced without --overwrite, and
the photo itself never is. The capacity in bytes is printed and grows with the
area.

Exit code: 0 if the message is in the file, 1 if not, 130 after Ctrl-C.
"""

from pathlib import Path

import cv2
from absl import flags

import shared.outputs
from shared import keys
from shared.command import no_arguments, run_main
from shared.errors import UserError
from shared.images import (
    decode_photo,
    define_writing_flags,
    encode_photo,
    losses,
    read_photo,
    ready_for,
    write_bytes,
)
from shared.measures.quality import psnr, same_pixels
from shared.outputs import refuse_existing
from shared.text import say, warn
from stego import api
from stego.codec import is_utf8

_LOSSY = (".jpg", ".jpeg", ".webp", ".gif")


def define_flags(values=flags.FLAGS):
    """Defines the command's flags."""
    flags.DEFINE_string(
        "image", None, "The photo to hide the message in.", flag_values=values
    )
    flags.DEFINE_string("text", None, "The message.", flag_values=values)
    flags.DEFINE_string(
        "text_file",
        None,
        "Instead of --text: a file that is the message, text or any other.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "output", None, "The PNG file to write.", flag_values=values
    )
    keys.define_flags(values)
    shared.outputs.define_flags(values)
    define_writing_flags(values)
    api.define_flags(values)


def read_message(text, text_file):
    """The message that --text or --text_file names.

    Returns:
        (data, is_text): bytes; whether they are UTF-8 text.

    Raises:
        UserError: if none or both are given, or it is empty or unreadable.
    """
    if (text is None) == (text_file is None):
        raise UserError("give one of --text and --text_file")
    if text is not None:
        try:
            data = text.encode("utf-8")
        except UnicodeEncodeError:
            raise UserError(
                "--text: is not UTF-8; use --text_file for other bytes"
            ) from None
        source = "--text"
    else:
        try:
            data = Path(text_file).read_bytes()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise UserError(
                f"--text_file: {text_file}: cannot be read: {reason}"
            ) from error
        source = f"--text_file: {text_file}"
    if not data:
        raise UserError(f"{source}: is empty; there is nothing to hide")
    return data, is_utf8(data)


def check_output(output):
    """Refuses what cannot hold a message.

    Raises:
        UserError: saying why.
    """
    if not output:
        raise UserError("--output is missing: where should the photo go?")
    suffix = Path(output).suffix.lower()
    if suffix in _LOSSY:
        raise UserError(
            f"--output={output}: {suffix[1:].upper()} changes the pixels, "
            "which destroys the message; use .png"
        )
    if suffix != ".png":
        raise UserError(f"--output={output}: only .png files are written")


def hide_in_file(
    encoder,
    image,
    data,
    is_text,
    output,
    key,
    max_pixels,
    *,
    overwrite=False,
    strip_metadata=False,
):
    """Hides a message in a photo file and writes the result.

    Returns:
        (Photo, Hidden): the photo as it was read; what was made of it.

    Raises:
        UserError: naming the file, if it cannot be read, carry the message,
            or be written. Nothing is written then.
    """
    photo = read_photo(image, max_pixels)
    if strip_metadata:
        photo = photo.stripped
    for note in (*photo.notes, *losses(photo, ".png")):
        warn(f"{image}: {note}")
    photo = ready_for(photo, ".png")
    capacity = encoder.capacity(photo.array, key)
    if len(data) > capacity:
        raise UserError(
            f"{image}: holds {capacity} bytes and the message has "
            f"{len(data)}, {len(data) - capacity} too many; shorten it, or "
            "take a larger photo"
        )
    try:
        hidden = encoder.encode(photo.array, data, key, is_text)
    except ValueError as error:
        raise UserError(f"{image}: {error}") from error
    try:
        content = encode_photo(photo.with_array(hidden.image), ".png")
    except UserError as error:
        raise UserError(f"{output}: {error}") from error
    back = decode_photo(content, str(output), max_pixels)
    if not same_pixels(back.array, hidden.image):
        raise UserError(
            f"{output}: the file does not hold the pixels that were written; "
            "nothing was written"
        )
    write_bytes(output, content, overwrite)
    return photo, hidden


def main(arguments, values=flags.FLAGS):
    """Runs the command; returns its exit code."""
    no_arguments(arguments)
    if not values.image:
        raise UserError("--image is missing: which photo?")
    check_output(values.output)
    data, is_text = read_message(values.text, values.text_file)
    inputs = [values.image, values.text_file or values.image]
    refuse_existing(values.output, values.overwrite, inputs)
    key = keys.read_key(values, confirm=True)
    if values.threads:
        cv2.setNumThreads(values.threads)
    encoder = api.Encoder(values.model, values.threads, values.provider)
    photo, hidden = hide_in_file(
        encoder,
        values.image,
        data,
        is_text,
        values.output,
        key,
        values.max_pixels,
        overwrite=values.overwrite,
        strip_metadata=values.strip_metadata,
    )
    say(
        f"{values.image} -> {values.output}: {len(data)} of "
        f"{hidden.capacity} bytes, in {hidden.used_tiles} of {hidden.tiles} "
        f"tiles, PSNR {psnr(photo.array, hidden.image):.1f} dB"
    )
    return 0


if __name__ == "__main__":
    define_flags()
    run_main(main)
