"""Exports a trained run for use without Keras.

    python -m stego.export --run_dir runs/mine --save_dir exported --test

writes `alice.onnx`, `bob.onnx` and `eve.onnx` (the model directory that
`--model` of the other commands takes), their weights and config, and the
SavedModels `alice/1/`, `bob/1/` and `eve/1/` for TensorFlow Serving. Each is
loaded in its own runtime and compared with the trained network before it
counts.
"""

import functools
from pathlib import Path

import keras
import numpy as np
from absl import flags

from shared.command import no_arguments, run_main
from shared.errors import check_choice
from shared.export import command
from shared.export.command import Part, Run, export_and_tell
from shared.ranges import levels_to_signed, signed_to_levels
from shared.training.run_files import building, load_weights, read_config
from stego.game import ARCHITECTURES

CONFIG_TYPES = {
    "architecture": str,
    "output_size": int,
    "msg_len": int,
    "preset": str,
}


def load_networks(run_dir, msg_len=None) -> dict[str, keras.Model]:
    """Builds a run's players in float32 with trained weights.

    Args:
        run_dir: Run directory of `stego.train`.
        msg_len: Bits of a message, if not those of the training; the
            weights of the architecture `phase` fit any.

    Returns:
        `alice`, `bob` and `eve`.

    Raises:
        UserError: If a file is missing, broken or of another network.
    """
    config = read_config(run_dir, CONFIG_TYPES)
    size, msg_len = config["output_size"], msg_len or config["msg_len"]
    with building(run_dir):
        check_choice("architecture", config["architecture"], ARCHITECTURES)
        build = ARCHITECTURES[config["architecture"]]
        networks = {
            "alice": build.build_alice(size, msg_len),
            "bob": build.build_bob(size, msg_len),
            "eve": build.build_eve(size),
        }
    for name, network in networks.items():
        load_weights(network, Path(run_dir) / f"{name}.weights.h5")
    return networks


def make_examples(size: int, msg_len: int) -> dict[str, np.ndarray]:
    """Draws what exports are compared on, the same at each call.

    Args:
        size: Side of the images in pixels.
        msg_len: Bits of a message.

    Returns:
        `cover` and `image` [3, size, size, 3] in [-1, 1], in whole levels: a
        ramp with noise of another strength in each; `message` [3, msg_len]
        of -.5 and .5.
    """
    generator = np.random.default_rng(0)
    ramp = np.linspace(-0.8, 0.8, size)[None, None, :, None]
    strength = np.array([0.01, 0.1, 1.0])[:, None, None, None]
    noise = generator.normal(0, 1, (3, size, size, 3)) * strength
    image = levels_to_signed(signed_to_levels(ramp + noise))
    message = generator.integers(0, 2, (3, msg_len)) - 0.5
    return {"cover": image, "image": image, "message": message.astype("f4")}


def read_run(run_dir, msg_len=None) -> Run:
    """The players of a run, as they are exported.

    Args:
        run_dir: Run directory of `stego.train`.
        msg_len: As `load_networks`.

    Raises:
        UserError: If the run is incomplete.
    """
    config = read_config(run_dir, CONFIG_TYPES)
    config["msg_len"] = msg_len or config["msg_len"]
    networks = load_networks(run_dir, msg_len)
    factors = ARCHITECTURES[config["architecture"]].FACTORS
    examples = make_examples(config["output_size"], config["msg_len"])
    parts = {
        name: Part(
            network, {"role": name, **config, "factors": factors}, examples
        )
        for name, network in networks.items()
    }
    return Run("stego", parts, config)


export_run = functools.partial(command.export_run, read_run)


def define_flags(values=flags.FLAGS) -> None:
    """Defines this command's flags."""
    command.define_flags(values)
    flags.DEFINE_integer(
        "msg_len",
        None,
        "Bits of a tile, if not those of the training: one training of the "
        "preset modern serves any payload.",
        lower_bound=1,
        flag_values=values,
    )


def main(arguments, values=flags.FLAGS) -> None:
    """Runs the command."""
    no_arguments(arguments)
    export_and_tell(read_run, values, msg_len=values.msg_len)


if __name__ == "__main__":
    define_flags()
    run_main(main)
