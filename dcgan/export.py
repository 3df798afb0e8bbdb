"""Exports a run's generator for use without Keras.

    python -m dcgan.export --run_dir runs/mnist --output_dir exported

writes `generator.onnx` (a directory for `--model` of the other commands), the
SavedModel `generator/1/` for TensorFlow Serving and, with `--litert`,
`generator.tflite`. Each is loaded in its own runtime and compared with the
trained generator before it counts. `--half` writes `generator.onnx` with
16-bit weights, half of the size: the form in which models ship.
"""

from pathlib import Path

import keras
import numpy as np
from absl import flags

import shared.outputs
from dcgan.api import GENERATOR
from dcgan.datasets import DATASETS
from dcgan.networks import build_networks
from shared import export, half_storage
from shared.errors import UserError, no_arguments, run_main
from shared.export_command import run_export
from shared.outputs import refuse_any
from shared.training import latest_checkpoint
from shared.training.run_files import load_weights, read_config

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
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        generator, _ = build_networks(
            config["networks"],
            config["size"],
            config["channels"],
            config["resizer"],
            config["dropout"],
            len(class_names(run_dir)),
        )
    except ValueError as error:
        raise UserError(f"{Path(run_dir) / 'config.json'}: {error}") from error
    finally:
        keras.config.set_dtype_policy(policy)
    load_weights(generator, Path(run_dir) / "generator.weights.h5")
    return generator


def export_run(
    run_dir, output_dir, litert=False, half=False, overwrite=False
) -> dict:
    """Exports a run; each file is compared with Keras before it counts.

    Args:
        run_dir: Run directory of `dcgan.train`.
        output_dir: Folder to write to; made if it is missing.
        litert: Whether to write a `.tflite` file too.
        half: Whether the ONNX file stores its weights in 16 bits.
        overwrite: Whether files that are there are replaced.

    Returns:
        For each path written, the largest difference of each output as a
        share of its range.

    Raises:
        UserError: If the run is incomplete, or a file exists.
        shared.export.ExportError: If an export differs from the generator.
    """
    config = read_config(run_dir, CONFIG_TYPES)
    generator = load_generator(run_dir)
    if half:
        half_storage.round_weights(generator)
    output_dir = Path(output_dir)
    names = [GENERATOR, "generator/1"]
    names += ["generator.tflite"] if litert else []
    refuse_any([output_dir / name for name in names], overwrite)
    output_dir.mkdir(parents=True, exist_ok=True)
    shape = (3, *generator.input_shape[1:])
    latents = np.random.default_rng(0).normal(size=shape).astype("float32")
    examples = {"latent": latents}
    checkpoint = latest_checkpoint(Path(run_dir))
    metadata = {
        "role": "generator",
        "latent_size": shape[1],
        "step": int(checkpoint.name.split("-")[1]) if checkpoint else 0,
        **config,
        "classes": len(class_names(run_dir)),
        "class_names": list(class_names(run_dir)),
    }
    path = output_dir / GENERATOR
    differences = {
        path: export.export_onnx(
            generator, path, {"dcgan": metadata}, examples=examples
        ),
        output_dir / "generator" / "1": export.export_saved_model(
            generator, output_dir / "generator", examples=examples
        ),
    }
    if half:
        half_storage.halve_onnx(path)
        differences[path] = export.compare(
            generator,
            export.onnx_predictor(path),
            str(path),
            examples,
            half_storage.TOLERANCE,
        )
    if litert:
        path = output_dir / "generator.tflite"
        differences[path] = export.export_litert(
            generator, path, examples=examples
        )
    return differences


def define_flags() -> None:
    """Defines this command's flags."""
    flags.DEFINE_string("run_dir", None, "Run directory of dcgan.train.")
    flags.DEFINE_string("output_dir", None, "Folder to write the exports to.")
    flags.DEFINE_bool("litert", False, "Write generator.tflite too.")
    flags.DEFINE_bool(
        "half", False, "Store the ONNX file's weights in 16 bits."
    )
    shared.outputs.define_flags()
    flags.mark_flags_as_required(["run_dir", "output_dir"])


def main(arguments) -> None:
    """Runs the command."""
    no_arguments(arguments)
    values = flags.FLAGS
    run_export(
        export_run,
        values.run_dir,
        values.output_dir,
        values.litert,
        values.half,
        values.overwrite,
    )


if __name__ == "__main__":
    define_flags()
    run_main(main)
