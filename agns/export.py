"""Exports a trained run for use without Keras.

    python -m agns.export --run_dir runs/people --save_dir exported --test

writes what `--model` of the other commands takes. Of a recogniser:
`recognizer.onnx` and `recognizer.weights.h5`; of an eyeglass run:
`generator.onnx`, `discriminator.onnx` and their weights; of both
`config.json`, and folders for TensorFlow Serving. With `--half` weights are
stored in 16 bits, computed with in 32. Each export is compared with the
trained network.
"""

import functools
import json
from pathlib import Path

import numpy as np
from absl import flags

from agns.models import RECOGNIZER_CONFIG, load_eyeglasses, load_recognizer
from agns.networks import INPUTS
from shared.command import no_arguments, run_main
from shared.errors import UserError
from shared.export import command
from shared.export.command import Part, Run, define_flags, export_and_tell
from shared.training.run_files import read_config


def read_run(run_dir) -> Run:
    """The networks of a run, as they are exported.

    Raises:
        UserError: If it is no run of ours.
    """
    config = read_config(run_dir, {})
    path = Path(run_dir) / "config.json"
    keys = json.loads(path.read_text(encoding="utf-8"))
    if "people" in keys:
        config = read_config(run_dir, RECOGNIZER_CONFIG)
        network, people = load_recognizer(run_dir)
        networks = {"recognizer": network}
        described = {
            "people": people,
            "size": config["size"],
            "low": INPUTS[config["architecture"]][1],
            "architecture": config["architecture"],
        }
    elif "minibatch" in keys:
        config = read_config(run_dir, {"minibatch": bool})
        networks = {n.name: n for n in load_eyeglasses(run_dir)}
        described = {}
    else:
        raise UserError(
            f"{path}: of no recogniser or eyeglass training; give the "
            "--run_dir of agns.train_recognizer or agns.train_eyeglasses"
        )
    parts = {
        role: Part(network, {"role": role, **described}, make_examples(network))
        for role, network in networks.items()
    }
    return Run("agns", parts, config)


def make_examples(network) -> dict:
    """What an export is compared on: three inputs over the network's range."""
    tensor = network.inputs[0]
    random = np.random.default_rng(0)
    if tensor.name == "code":
        values = random.normal(size=(3, *tensor.shape[1:]))
    else:
        # Smooth, as faces and glasses are, and noise over them.
        low = 0.0 if network.name.startswith("vgg") else -1.0
        ramp = np.linspace(low, 1.0, tensor.shape[2])[None, None, :, None]
        noise = random.normal(size=(3, *tensor.shape[1:]))
        strength = np.array([0.02, 0.1, 0.5])[:, None, None, None]
        values = np.clip(ramp + strength * noise, low, 1.0)
    return {tensor.name: values.astype("float32")}


export_run = functools.partial(command.export_run, read_run)


def main(arguments, values=flags.FLAGS) -> None:
    """Runs the command."""
    no_arguments(arguments)
    export_and_tell(read_run, values)


if __name__ == "__main__":
    define_flags()
    run_main(main)
