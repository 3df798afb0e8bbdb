"""Read the text or the file from a photo that stego.encode wrote.

    python -m stego.decode --image hidden.png
    python -m stego.decode --image hidden.png --key_file key.txt \\
        --output letter.txt

Prints a text and a line end. To a file or another program the text goes
exactly as it was hidden, in UTF-8; on a terminal, control characters other
than line breaks and tabs, and what the terminal's encoding lacks, are spelled
like `\\x1b`. --output writes exactly the bytes that were hidden. A message
comes back exactly or not at all.

Exit code: 0 if there was a message, 1 if not, 130 after Ctrl-C.
"""

import sys

import cv2
from absl import flags

import shared.outputs
from shared import keys
from shared.command import no_arguments, run_main
from shared.errors import UserError
from shared.images import read_photo, write_bytes
from shared.outputs import refuse_existing
from shared.text import printable, say, warn
from stego import api

_BEYOND_THE_KEY = (
    " with this key; one with another key, or in a photo that was changed "
    "since, cannot be told from none"
)


def define_flags(values=flags.FLAGS):
    """Defines the command's flags."""
    flags.DEFINE_string("image", None, "The photo to read.", flag_values=values)
    flags.DEFINE_string(
        "output",
        None,
        "File to write the message to, in place of printing it.",
        flag_values=values,
    )
    keys.define_flags(values)
    shared.outputs.define_flags(values)
    api.define_flags(values)


def print_text(text):
    """Prints a message: exactly, but to a terminal without its commands."""
    if sys.stdout.isatty():
        shown = printable(text, keep="\n\t")
        encoding = sys.stdout.encoding
        shown = shown.encode(encoding, "backslashreplace").decode(encoding)
        print(shown, flush=True)
        if shown != text:
            warn(
                "the message holds characters that this terminal should not "
                "or cannot show, spelled with a backslash above; --output "
                "writes it as it is"
            )
    elif hasattr(sys.stdout, "buffer"):
        # As bytes, for a text stream would change line breaks on some
        # computers and lacks characters on others.
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode("utf-8") + b"\n")
        sys.stdout.buffer.flush()
    else:
        # A stream in memory holds any text.
        sys.stdout.write(text + "\n")


def main(arguments, values=flags.FLAGS):
    """Runs the command; returns its exit code."""
    no_arguments(arguments)
    if not values.image:
        raise UserError("--image is missing: which photo?")
    key = keys.read_key(values)
    if values.threads:
        cv2.setNumThreads(values.threads)
    if values.output:
        refuse_existing(values.output, values.overwrite, [values.image])
    decoder = api.Decoder(values.model, values.threads, values.provider)
    photo = read_photo(values.image, values.max_pixels)
    for note in photo.notes:
        warn(f"{values.image}: {note}")
    try:
        message = decoder.decode(photo.array, key)
    except api.NoMessage as error:
        hint = "" if key is None else _BEYOND_THE_KEY
        raise UserError(f"{values.image}: {error}{hint}") from error
    except api.DamagedMessage as error:
        raise UserError(
            f"{values.image}: {error} and cannot be mended; take the file as "
            "stego.encode wrote it"
        ) from error
    if key is not None and not message.bound:
        warn(
            f"{values.image}: the message is of an earlier version, whose key "
            "does not say that it was hidden in this photo"
        )
    if values.output:
        write_bytes(values.output, message.data, values.overwrite)
        say(f"{values.image} -> {values.output}: {len(message.data)} bytes")
    elif message.is_text:
        print_text(message.text)
    else:
        raise UserError(
            f"{values.image}: the message is {len(message.data)} bytes that "
            "are no text; name a file for them with --output"
        )
    return 0


if __name__ == "__main__":
    define_flags()
    run_main(main)
