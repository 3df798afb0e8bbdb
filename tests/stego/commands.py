"""Hiding and reading by the commands, in this process."""

from pathlib import Path

from stego import decode, encode
from tests.stegastamp.commands import call

PHOTO = Path(__file__).parent / "data" / "parrots.png"


def hide(output, text="Meet at nine. Grüße 🙂", image=PHOTO, *flags):
    """Hides a text: exit code, output, errors."""
    return call(
        encode,
        f"--image={image}",
        f"--text={text}",
        f"--output={output}",
        *flags,
    )


def read(image, *flags):
    """Reads an image: exit code, output, errors."""
    return call(decode, f"--image={image}", *flags)
