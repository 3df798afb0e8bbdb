"""Exports a trained victim or attacker for use without Keras.

    python -m malicious_ae.export --run_dir runs/enet --save_dir exported --test

writes `enet.onnx` or `attacker.onnx` (a model directory for the other
commands), its weights and config, the SavedModel `malicious_ae/1/` and, with
`--litert`, a `.tflite` file. Each is compared with the trained network.
"""

import functools
import json
from pathlib import Path

import numpy as np
from absl import flags

from malicious_ae.models import (
    ATTACKER_TYPES,
    VICTIM_TYPES,
    load_attacker,
    load_victim,
)
from shared.command import no_arguments, run_main
from shared.export import command
from shared.export.command import (
    RANGE,
    Part,
    Run,
    define_flags,
    export_and_tell,
)
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


def read_run(run_dir) -> Run:
    """The victim or attacker of a run, as it is exported.

    Raises:
        UserError: If the run is incomplete.
    """
    config = read_config(run_dir, VICTIM_TYPES)
    if config["kind"] == "enet":
        role, network = "enet", load_victim(run_dir)
    else:
        config = read_config(run_dir, ATTACKER_TYPES)
        role, network = "attacker", load_attacker(run_dir)
    whole = json.loads((Path(run_dir) / "config.json").read_text("utf-8"))
    config |= {key: whole[key] for key in _TOLD if whole.get(key)}
    part = Part(
        network,
        {"role": role, **config},
        make_examples(config["height"], config["width"]),
        decisions=role == "enet",
    )
    return Run("malicious_ae", {role: part}, config, {"malicious_ae": part})


export_run = functools.partial(command.export_run, read_run)


def main(arguments, values=flags.FLAGS) -> None:
    """Runs the command."""
    no_arguments(arguments)
    victim = read_config(values.run_dir, VICTIM_TYPES)["kind"] == "enet"
    export_and_tell(read_run, values, _DECIDED if victim else RANGE)


if __name__ == "__main__":
    define_flags()
    run_main(main)
