"""Encode, decode, or do both with the exported models: one photo, one command.

    python -m stegastamp.onnx_inference --encode --image photo.jpg \\
        --secret 'Stega!!' --save_dir out
    python -m stegastamp.onnx_inference --decode --image out/photo_hidden.png
    python -m stegastamp.onnx_inference --test --image photo.jpg

--test hides the message, reads it back from memory, and prints how many of
the secret's bits came back right; exit code 1 if the message did not.
For directories, formats and checks see stegastamp.encode and stegastamp.decode.
"""

from pathlib import Path

import numpy as np
from absl import flags

import shared.outputs
from shared.command import no_arguments, run_main
from shared.errors import UserError
from shared.images import make_directory, read_photo
from shared.outputs import Outputs
from shared.text import say, warn
from stegastamp import api
from stegastamp.decode import describe
from stegastamp.encode import Stamper


def define_flags(values=flags.FLAGS):
    """Defines the command's flags."""
    flags.DEFINE_bool(
        "encode", False, "Hide --secret in --image.", flag_values=values
    )
    flags.DEFINE_bool(
        "decode", False, "Read the message of --image.", flag_values=values
    )
    flags.DEFINE_bool(
        "test", False, "Hide --secret and read it back.", flag_values=values
    )
    flags.DEFINE_string("image", None, "The photo.", flag_values=values)
    flags.DEFINE_string(
        "secret", "Stega!!", "The message to hide.", flag_values=values
    )
    flags.DEFINE_string(
        "save_dir", "out", "Where --encode writes.", flag_values=values
    )
    shared.outputs.define_flags(values)
    api.define_flags(values)


def _encode(values, settings):
    encoder = api.Encoder(*settings)
    make_directory(values.save_dir)
    stamper = Stamper(
        encoder,
        None,
        values.secret,
        Path(values.save_dir),
        max_pixels=values.max_pixels,
        outputs=Outputs(values.overwrite, [values.image]),
    )
    target, _ = stamper.stamp(values.image)
    say(f"{values.image} -> {target}")
    return 0


def _read(values):
    photo = read_photo(values.image, values.max_pixels)
    for note in photo.notes:
        warn(f"{values.image}: {note}")
    return photo


def _decode(values, settings):
    photo = _read(values)
    found = api.Decoder(*settings).decode(photo.array)
    say(describe(values.image, found))
    return 0 if found else 1


def _test(values, settings):
    photo = _read(values)
    encoder, decoder = api.Encoder(*settings), api.Decoder(*settings)
    if encoder.codec.secret_size != decoder.codec.secret_size:
        raise UserError(
            f"--model={values.model}: its encoder hides "
            f"{encoder.codec.secret_size} bits and its decoder reads "
            f"{decoder.codec.secret_size}; export both from one run"
        )
    try:
        stamped, _ = encoder.encode(photo.array, values.secret, check=False)
    except ValueError as error:
        raise UserError(f"{values.image}: {error}") from error
    sent = encoder.codec.encode(values.secret)
    right = int(np.sum((decoder.logits([stamped])[0] > 0) == sent))
    found = decoder.decode(stamped)
    say(describe(values.image, found))
    print(f"{right} of {sent.size} bits right")
    return 0 if found and found.message == values.secret else 1


def main(arguments, values=flags.FLAGS):
    """Runs the command; returns its exit code."""
    no_arguments(arguments)
    modes = {"encode": _encode, "decode": _decode, "test": _test}
    chosen = [name for name in modes if values[name].value]
    if len(chosen) != 1:
        raise UserError("give one of --encode, --decode and --test")
    if not values.image:
        raise UserError("--image is missing")
    settings = (values.model, values.threads, values.provider)
    return modes[chosen[0]](values, settings)


if __name__ == "__main__":
    define_flags()
    run_main(main)
