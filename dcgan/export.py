"""Exports a run's generator for use without Keras.

    python -m dcgan.export --run_dir runs/mnist --save_dir exported --test

writes `generator.onnx` (a directory for `--model` of the other commands), its
weights and config, the SavedModel `generator/1/` for TensorFlow Serving and,
with `--litert`, `generator.tflite`. Each is loaded in its own runtime and
compared with the trained generator before it counts. `--half` stores weights
in 16 bits, half of the size: the form in which models ship.
"""

import functools
from pathlib import Path

import keras
import numpy as np
from absl import flags

from dcgan.datasets import DATASETS
from dcgan.networks import build_networks
from shared.command import no_arguments, run_main
from shared.export import command
from shared.export.command import Part, Run, define_flags, export_and_tell
from shared.training import latest_checkpoint
from shared.training.run_files import building, load_weights, read_config

CONFIG_TYPES = {
    "networks": str,
    "resizer": str,
    "dropout": float,
    "size": int,
    "channels": int,
    "latent": str,
    "dataset": str,
    "conditional": bool,
}


def class_names(run_dir) -> tuple[str, ...]:
    """The names of the classes that a run's players were told, if any were.

    Raises:
        UserError: If its `config.json` is broken.
    """
    config = read_config(run_dir, CONFIG_TYPES)
    if not config["conditional"]:
        return ()
    known = DATASETS.get(config["dataset"])
    # Runs of earlier versions state the names of a person's own classes only.
    earlier = (
        {"class_names": list(known.class_names)}
        if known and known.class_names
        else {}
    )
    stated = read_config(run_dir, {"class_names": list}, earlier.__or__)
    return tuple(stated["class_names"])


def load_generator(run_dir) -> keras.Model:
    """Builds a run's generator in float32 with its trained weights.

    Args:
        run_dir: Run directory of `dcgan.train`.

    Returns:
        The generator: the mean of the weights if the run has averaged them.

    Raises:
        UserError: If a file is missing, broken or of another network.
    """
    config = read_config(run_dir, CONFIG_TYPES)
    with building(run_dir):
        generator, _ = build_networks(
            config["networks"],
            config["size"],
            config["channels"],
            config["resizer"],
            config["dropout"],
            len(class_names(run_dir)),
        )
    load_weights(generator, Path(run_dir) / "generator.weights.h5")
    return generator


def read_run(run_dir) -> Run:
    """The generator of a run, as it is exported.

    Raises:
        UserError: If the run is incomplete.
    """
    names = list(class_names(run_dir))
    config = read_config(run_dir, CONFIG_TYPES) | {"class_names": names}
    generator = load_generator(run_dir)
    shape = (3, *generator.input_shape[1:])
    latents = np.random.default_rng(0).normal(size=shape).astype("float32")
    checkpoint = latest_checkpoint(Path(run_dir))
    metadata = {
        "role": "generator",
        "latent_size": shape[1],
        "step": int(checkpoint.name.split("-")[1]) if checkpoint else 0,
        **config,
        "classes": len(names),
    }
    part = Part(generator, metadata, {"latent": latents})
    return Run("dcgan", {"generator": part}, config)


export_run = functools.partial(command.export_run, read_run)


def main(arguments, values=flags.FLAGS) -> None:
    """Runs the command."""
    no_arguments(arguments)
    export_and_tell(read_run, values)


if __name__ == "__main__":
    define_flags()
    run_main(main)
