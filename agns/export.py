"""Exports a trained run for use without Keras.

    python -m agns.export --run_dir runs/people --output_dir exported --test

writes what `--model` of the other commands takes. Of a recogniser:
`recognizer.onnx` and `recognizer.weights.h5`; of an eyeglass run:
`generator.onnx`, `discriminator.onnx` and their weights; of both
`config.json`. With `--half` weights are stored in 16 bits, computed with in
32. `--saved_model` adds folders for TensorFlow Serving.
"""

import json
from pathlib import Path

import numpy as np
from absl import flags

import shared.outputs
from agns.models import RECOGNIZER_CONFIG, load_eyeglasses, load_recognizer
from agns.networks import INPUTS
from shared import export, half_storage
from shared.errors import UserError, no_arguments, run_main
from shared.export_command import run_export
from shared.images import make_directory
from shared.outputs import refuse_any
from shared.training import write_text
from shared.training.run_files import read_config


def describe_run(run_dir):
    """The networks of a run, what configures them, and their metadata.

    Returns:
        (networks, config, metadata): networks by role; JSON values that the
        exported directory needs; JSON values by role.

    Raises:
        UserError: if it is no run of ours.
    """
    config = read_config(run_dir, {})
    path = Path(run_dir) / "config.json"
    keys = json.loads(path.read_text(encoding="utf-8"))
    if "people" in keys:
        config = read_config(run_dir, RECOGNIZER_CONFIG)
        network, people = load_recognizer(run_dir)
        metadata = {
            "role": "recognizer",
            "people": people,
            "size": config["size"],
            "low": INPUTS[config["architecture"]][1],
            "architecture": config["architecture"],
        }
        return {"recognizer": network}, config, {"recognizer": metadata}
    if "minibatch" in keys:
        config = read_config(run_dir, {"minibatch": bool})
        networks = {n.name: n for n in load_eyeglasses(run_dir)}
        metadata = {role: {"role": role} for role in networks}
        return networks, config, metadata
    raise UserError(
        f"{path}: of no recogniser or eyeglass training; give the --run_dir "
        "of agns.train_recognizer or agns.train_eyeglasses"
    )


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


def export_run(
    run_dir, output_dir, half=False, saved_model=False, overwrite=False
) -> dict:
    """Exports a run; each file is compared with Keras before it counts.

    Args:
        run_dir: Run directory of a recogniser or an eyeglass training.
        output_dir: Folder to write to; made if it is missing.
        half: Whether to store weights in 16 bits.
        saved_model: Whether to write folders for TensorFlow Serving too.
        overwrite: Whether files that are there are replaced.

    Returns:
        For each path written, the largest difference of each output as a
        share of its range.

    Raises:
        UserError: If the run is incomplete, or a file exists.
        shared.export.ExportError: If an export differs from the networks.
    """
    networks, config, metadata = describe_run(run_dir)
    output_dir = Path(output_dir)
    endings = [".onnx", ".weights.h5"]
    endings += ["/1"] if saved_model else []
    targets = [output_dir / f"{r}{end}" for r in networks for end in endings]
    inputs = Path(run_dir).iterdir()
    refuse_any([*targets, output_dir / "config.json"], overwrite, inputs)
    make_directory(output_dir)
    differences = {}
    for role, network in networks.items():
        examples = make_examples(network)
        if half:
            half_storage.round_weights(network)
        path = output_dir / f"{role}.onnx"
        differences[path] = export.export_onnx(
            network, path, {"agns": metadata[role]}, examples=examples
        )
        weights = output_dir / f"{role}.weights.h5"
        if half:
            half_storage.halve_onnx(path)
            differences[path] = export.compare(
                network,
                export.onnx_predictor(path),
                str(path),
                examples,
                half_storage.TOLERANCE,
            )
            half_storage.save_weights(network, weights)
        else:
            network.save_weights(weights)
        if saved_model:
            served = output_dir / role
            differences[served / "1"] = export.export_saved_model(
                network, served, examples=examples
            )
    write_text(output_dir / "config.json", json.dumps(config, indent=2) + "\n")
    return differences


def define_flags() -> None:
    """Defines this command's flags."""
    flags.DEFINE_string(
        "run_dir",
        None,
        "Run directory of agns.train_recognizer or agns.train_eyeglasses.",
    )
    flags.DEFINE_string("output_dir", None, "Folder to write the exports to.")
    flags.DEFINE_bool("half", False, "Store weights in 16 bits.")
    flags.DEFINE_bool("saved_model", False, "Write SavedModels too.")
    flags.DEFINE_bool(
        "test",
        False,
        "Print how far each output is from the trained network, as a share of "
        f"its range. More than {export.TOLERANCE:.0e} fails in any case (with "
        f"--half, {half_storage.TOLERANCE:.0e}).",
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
        values.half,
        values.saved_model,
        values.overwrite,
        show=values.test,
    )


if __name__ == "__main__":
    define_flags()
    run_main(main)
