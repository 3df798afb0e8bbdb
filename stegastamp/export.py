"""Exports a trained run for use without Keras.

    python -m stegastamp.export --run_dir runs/mine --save_dir exported --test

writes `encoder.onnx`, `decoder.onnx` and, to refine stamps with,
`gradient.onnx` (the model directory that `--model` of the other commands
takes), their weights and config, the SavedModel `stegastamp/1/` for TensorFlow
Serving and, with `--litert`, `encoder.tflite` and `decoder.tflite`. With
`--quantize=int8 --images_dir photos` comes the model directory `int8/`, whose
encoder computes in 8-bit integers: a quarter of the size, and about twice as
fast on a CPU with VNNI. (Computing in float16, or in int8 without photos, is
slower on CPUs, so neither is offered; `--half` stores weights in 16 bits and
computes in 32.)
"""

import functools
from pathlib import Path

import keras
import numpy as np
from absl import flags
from keras import ops

from shared.command import no_arguments, run_main
from shared.errors import UserError
from shared.export import command
from shared.export.command import (
    Part,
    Run,
    export_and_tell,
    tell,
)
from shared.export.quantize import quantize_onnx
from shared.images import read_photo, resize_area, write_bytes
from shared.outputs import refuse_any
from shared.photo_folders import photos_of
from shared.runtime import open_session, read_metadata
from shared.training.run_files import building, load_weights, read_config
from stegastamp.networks import build_decoder, build_encoder
from stegastamp.presets import SETTINGS

CONFIG_TYPES = {
    "height": int,
    "width": int,
    "secret_size": int,
    "transformer": bool,
    "zero_mean": bool,
    "preset": str,
}
EXACT_LAYERS = ("tinted_residual", "global_average_pooling2d", "residual")
# A residual of 3 levels that is wrong by half of one reads as well.
INT8_TOLERANCE = 0.15


def load_networks(run_dir) -> tuple[keras.Model, keras.Model]:
    """Builds a run's encoder and decoder in float32 with trained weights.

    Networks trained in mixed precision keep float32 weights, so they load as
    they are; only what they compute in changes.

    Args:
        run_dir: Run directory of `stegastamp.train`.

    Returns:
        The encoder and the decoder of `stegastamp.networks`.

    Raises:
        UserError: If a file is missing, broken or of another network.
    """
    config = read_config(run_dir, CONFIG_TYPES, SETTINGS.stated_since)
    size = (config["height"], config["width"], config["secret_size"])
    with building(run_dir):
        encoder = build_encoder(*size, zero_mean=config["zero_mean"])
        decoder = build_decoder(*size, transformer=config["transformer"])
    for network in (encoder, decoder):
        load_weights(network, Path(run_dir) / f"{network.name}.weights.h5")
    return encoder, decoder


def build_stamp(encoder: keras.Model, decoder: keras.Model) -> keras.Model:
    """Joins both networks to the model that is served.

    Args:
        encoder: Network from `image` and `secret` to `residual`.
        decoder: Network from `image` to `logits`.

    Input shape:
        `secret` [N, secret_size] of 0 and 1, `image` [N, H, W, 3] in [0, 1].

    Output shape:
        `stegastamp` [N, H, W, 3], the stamped image in [0, 1]; `residual`
        [N, H, W, 3], before the clip; `decoded` [N, secret_size] of 0 and 1,
        what the decoder reads from `stegastamp`.
    """
    image = keras.Input(encoder.input[0].shape[1:], name="image")
    secret = keras.Input(encoder.input[1].shape[1:], name="secret")
    residual = encoder([image, secret])
    stamped = ops.clip(image + residual, 0.0, 1.0)
    decoded = ops.cast(decoder(stamped) > 0, "float32")
    return keras.Model(
        [secret, image],
        {"stegastamp": stamped, "residual": residual, "decoded": decoded},
        name="stegastamp",
    )


def make_examples(height: int, width: int, secret_size: int) -> dict:
    """Draws what exports are compared on, the same at each call.

    Args:
        height: Network height in pixels.
        width: Network width in pixels.
        secret_size: Number of bits.

    Returns:
        `image` [3, height, width, 3] in [0, 1]: a horizontal ramp with noise
        of another strength in each; `secret` [3, secret_size] of 0 and 1.
    """
    generator = np.random.default_rng(0)
    ramp = np.linspace(0.1, 0.9, width)[None, None, :, None]
    strength = np.array([0.01, 0.1, 1.0])[:, None, None, None]
    noise = generator.normal(0, 1, (3, height, width, 3)) * strength
    return {
        "image": np.clip(ramp + noise, 0, 1).astype("float32"),
        "secret": generator.integers(0, 2, (3, secret_size)).astype("float32"),
    }


def read_run(run_dir) -> Run:
    """The networks of a run, as they are exported.

    Raises:
        UserError: If the run is incomplete.
    """
    config = read_config(run_dir, CONFIG_TYPES, SETTINGS.stated_since)
    encoder, decoder = load_networks(run_dir)
    size = (config["height"], config["width"], config["secret_size"])
    examples = make_examples(*size)
    # The transformer is a matter of the graph only; users of the file need
    # the sizes and the name.
    described = {k: v for k, v in config.items() if k != "transformer"}
    # What stamps are refined with. There is none of a spatial transformer.
    gradient = None if config["transformer"] else "gradient.onnx"
    parts = {
        network.name: Part(
            network,
            {"role": network.name, **described},
            examples,
            gradient=gradient if network is decoder else None,
        )
        for network in (encoder, decoder)
    }
    stamp = Part(build_stamp(encoder, decoder), {}, examples)
    return Run("stegastamp", parts, config, {"stegastamp": stamp})


export_run = functools.partial(command.export_run, read_run)


def quantize_run(save_dir, images_dir, count: int = 64) -> dict:
    """Adds the model directory `int8/` to an exported run.

    Args:
        save_dir: Folder that `export_run` wrote to.
        images_dir: Folder of photos like those that will be stamped.
        count: How many of them to take the ranges of values from.

    Returns:
        For the encoder's path, its root mean square error as a share of the
        residual's.

    Raises:
        UserError: If there are no photos in `images_dir`.
        shared.export.ExportError: If the error is too large.
    """
    encoder, decoder = (
        Path(save_dir) / f"{role}.onnx" for role in ("encoder", "decoder")
    )
    described = read_metadata(open_session(encoder), "stegastamp", encoder)
    generator = np.random.default_rng(0)
    batches = []
    for path in photos_of(images_dir)[:count]:
        photo = read_photo(path)
        scale = np.float32(2**photo.bit_depth - 1)
        small = resize_area(
            photo.pixels, described["height"], described["width"]
        )
        secret = generator.integers(0, 2, (1, described["secret_size"]))
        batches.append(
            {
                "image": small[None] / scale,
                "secret": secret.astype("float32"),
            }
        )
    target = Path(save_dir) / "int8"
    target.mkdir(exist_ok=True)
    path = target / "encoder.onnx"
    shares = quantize_onnx(
        encoder,
        path,
        batches,
        INT8_TOLERANCE,
        # The mean that the last layers take off is several times what they
        # leave, which is what the error is a share of.
        exact_layers=EXACT_LAYERS,
    )
    # The decoder takes a tenth of the encoder's time, and its margin is what
    # a damaged photo lives on: it stays as it is.
    for kept in (decoder, Path(save_dir) / "gradient.onnx"):
        if kept.is_file():
            copy = target / kept.name
            write_bytes(copy, kept.read_bytes(), overwrite=True)
    return {path: shares}


def define_flags(values=flags.FLAGS) -> None:
    """Defines this command's flags."""
    command.define_flags(values)
    flags.DEFINE_enum(
        "quantize",
        "none",
        ["none", "int8"],
        "int8: write the model directory int8/ too; needs --images_dir.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "images_dir",
        None,
        "Photos that --quantize=int8 adjusts itself to.",
        flag_values=values,
    )


def main(arguments, values=flags.FLAGS) -> None:
    """Runs the command."""
    no_arguments(arguments)
    quantized = values.quantize == "int8"
    if quantized != bool(values.images_dir):
        raise UserError(
            "--quantize=int8 and --images_dir belong together: give both or "
            "neither"
        )
    if quantized:
        names = ("encoder.onnx", "decoder.onnx", "gradient.onnx")
        folder = Path(values.save_dir) / "int8"
        refuse_any([folder / name for name in names], values.overwrite)
    export_and_tell(read_run, values)
    if quantized:
        tell(
            lambda: quantize_run(values.save_dir, values.images_dir),
            "{:.1%} away from float32 (rms)",
        )


if __name__ == "__main__":
    define_flags()
    run_main(main)
