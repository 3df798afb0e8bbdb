"""Read the text or the file from a photo that stego.encode wrote.

    python -m stego.decode --image hidden.png
    python -m stego.decode --image hidden.png --key 'our password' \\
        --output letter.txt

Prints a text; with --output writes exactly the bytes that were hidden. A
message comes back exactly or not at all.

Exit code: 0 if there was a message, 1 if not, 130 after Ctrl-C.
"""

import sys

import cv2
from absl import flags

from shared.errors import UserError, no_arguments, run_main
from shared.images import read_photo, write_bytes
from stego import api


def define_flags(values=flags.FLAGS):
    """Defines the command's flags."""
    flags.DEFINE_string("image", None, "The photo to read.", flag_values=values)
    flags.DEFINE_string(
        "output",
        None,
        "File to write the message to, in place of printing it.",
        flag_values=values,
    )
    api.define_flags(values)


def main(arguments, values=flags.FLAGS):
    """Runs the command; returns its exit code."""
    no_arguments(arguments)
    if not values.image:
        raise UserError("--image is missing: which photo?")
    if values.threads:
        cv2.setNumThreads(values.threads)
    decoder = api.Decoder(values.model, values.threads, values.provider)
    photo = read_photo(values.image, values.max_pixels)
    try:
        message = decoder.decode(photo.array, values.key)
    except api.NoMessage as error:
        hint = "" if values.key is None else " with this --key"
        raise UserError(f"{values.image}: {error}{hint}") from error
    except api.DamagedMessage as error:
        raise UserError(
            f"{values.image}: {error} and cannot be mended; take the file as "
            "stego.encode wrote it"
        ) from error
    if values.output:
        write_bytes(values.output, message.data)
        print(f"{values.image} -> {values.output}: {len(message.data)} bytes")
    elif message.is_text:
        sys.stdout.write(message.text + "\n")
    else:
        raise UserError(
            f"{values.image}: the message is {len(message.data)} bytes that "
            "are no text; name a file for them with --output"
        )
    return 0


if __name__ == "__main__":
    define_flags()
    run_main(main)
