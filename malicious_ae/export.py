"""Exports a trained victim or attacker for use without Keras.

    python -m malicious_ae.export --run_dir runs/enet --output_dir exported

writes `enet.onnx` or `attacker.onnx` (a model directory for the other
commands), its weights and config, the SavedModel `malicious_ae/1/` and, with
`--litert`, a `.tflite` file. Each is compared with the trained network.
"""

import json
from pathlib import Path

import numpy as np
from absl import flags

import shared.outputs
from malicious_ae.models import (
    ATTACKER_TYPES,
    VICTIM_TYPES,
    load_attacker,
    load_victim,
)
from shared import export
from shared.errors import no_arguments, run_main
from shared.export_command import RANGE, run_export
from shared.images import make_directory
from shared.outputs import refuse_any
from shared.training import write_text
from shared.training.run_files import read_config

# A victim is judged by its classes, since max-unpooling moves a value where two
# neighbours are equal but for rounding.
_DECIDED = "{:.1e} of its pixels are of another class, ties left out"
# What a file says of its training besides, where the run knows it.
_TOLD = ("classes", "objective", "source", "target", "preset")


def make_examples(height: int, width: int) -> dict:
    """Draws what exports are compared on, the same at each call.

    Returns:
        `image` [3, height, width, 3] in [0, 1]: smooth colours with noise of
        another strength in each.
    """
    generator = np.random.default_rng(0)
    y, x = np.mgrid[0:height, 0:width].astype("float32")
    light = np.stack(
        [
            0.5 + 0.3 * np.sin(x / 31 + y / 57),
            0.5 + 0.3 * np.cos(y / 23),
            0.5 + 0.3 * np.sin(x / 19 - y / 41),
        ],
        axis=-1,
    )
    strength = np.array([0.01, 0.05, 0.2])[:, None, None, None]
    noise = generator.normal(0, 1, (3, height, width, 3)) * strength
    return {"image": np.clip(light + noise, 0, 1).astype("float32")}


def export_run(
    run_dir, output_dir, litert: bool = False, overwrite: bool = False
) -> dict:
    """Exports a run; each file is compared with Keras before it counts.

    Args:
        run_dir: Run directory of `train_victim` or `train_attacker`.
        output_dir: Folder to write to; made if it is missing.
        litert: Whether to write a `.tflite` file too.
        overwrite: Whether files that are there are replaced.

    Returns:
        For each path written, the largest difference of each output as a
        share of its range.

    Raises:
        UserError: If the run is incomplete, or a file exists.
        shared.export.ExportError: If an export differs from the network.
    """
    run_dir, output_dir = Path(run_dir), Path(output_dir)
    config = read_config(run_dir, VICTIM_TYPES)
    if config["kind"] == "enet":
        role, network = "enet", load_victim(run_dir)
    else:
        config = read_config(run_dir, ATTACKER_TYPES)
        role, network = "attacker", load_attacker(run_dir)
    whole = json.loads((run_dir / "config.json").read_text("utf-8"))
    config |= {key: whole[key] for key in _TOLD if whole.get(key)}
    names = [f"{role}.onnx", f"{role}.weights.h5", "config.json"]
    names += ["malicious_ae/1"]
    names += [f"{role}.tflite"] if litert else []
    targets = [output_dir / name for name in names]
    refuse_any(targets, overwrite, run_dir.iterdir())
    make_directory(output_dir)
    examples = make_examples(config["height"], config["width"])
    compared = {"examples": examples, "decisions": role == "enet"}
    path = output_dir / f"{role}.onnx"
    differences = {
        path: export.export_onnx(
            network,
            path,
            {"malicious_ae": {"role": role, **config}},
            **compared,
        )
    }
    if litert:
        path = output_dir / f"{role}.tflite"
        differences[path] = export.export_litert(network, path, **compared)
    served = output_dir / "malicious_ae"
    differences[served / "1"] = export.export_saved_model(
        network, served, **compared
    )
    # With weights and config the directory also starts other trainings.
    write_text(output_dir / "config.json", json.dumps(config, indent=2) + "\n")
    network.save_weights(output_dir / f"{role}.weights.h5")
    return differences


def define_flags(values=flags.FLAGS) -> None:
    """Defines this command's flags."""
    flags.DEFINE_string(
        "run_dir",
        None,
        "Run directory of a victim or an attacker.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "output_dir",
        None,
        "Folder to write the exports to.",
        flag_values=values,
    )
    flags.DEFINE_bool(
        "test",
        False,
        "Print how far each export is from the trained network, as a share "
        f"of the output's range. One that is more than {export.TOLERANCE:.0e} "
        "away fails with and without this flag.",
        flag_values=values,
    )
    flags.DEFINE_bool(
        "litert", False, "Write a .tflite file too.", flag_values=values
    )
    shared.outputs.define_flags(values)
    flags.mark_flags_as_required(["run_dir", "output_dir"], values)


def main(arguments, values=flags.FLAGS) -> None:
    """Runs the command."""
    no_arguments(arguments)
    victim = read_config(values.run_dir, VICTIM_TYPES)["kind"] == "enet"
    run_export(
        export_run,
        values.run_dir,
        values.output_dir,
        values.litert,
        values.overwrite,
        show=values.test,
        measure=_DECIDED if victim else RANGE,
    )


if __name__ == "__main__":
    define_flags()
    run_main(main)
