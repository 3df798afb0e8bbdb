"""Exports a trained run for use without Keras.

    python -m stego.export --run_dir runs/mine --output_dir exported

writes `alice.onnx`, `bob.onnx` and `eve.onnx` (the model directory that
`--model` of the other commands takes) and the SavedModels `alice/1/`, `bob/1/`
and `eve/1/` for TensorFlow Serving. Each is loaded in its own runtime and
compared with the trained network before it counts.
"""

from pathlib import Path

import keras
import numpy as np
from absl import flags

import shared.outputs
from shared import export
from shared.errors import UserError, no_arguments, run_main
from shared.export_command import run_export
from shared.outputs import refuse_any
from shared.training.run_files import load_weights, read_config
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
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        build = ARCHITECTURES[config["architecture"]]
        networks = {
            "alice": build.build_alice(size, msg_len),
            "bob": build.build_bob(size, msg_len),
            "eve": build.build_eve(size),
        }
    except (KeyError, ValueError) as error:
        raise UserError(f"{Path(run_dir) / 'config.json'}: {error}") from error
    finally:
        keras.config.set_dtype_policy(policy)
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
    levels = np.rint(np.clip(ramp + noise, -1, 1) * 127.5 + 127.5)
    image = (levels / 127.5 - 1.0).astype("float32")
    message = generator.integers(0, 2, (3, msg_len)) - 0.5
    return {"cover": image, "image": image, "message": message.astype("f4")}


def export_run(
    run_dir, output_dir, msg_len=None, overwrite=False
) -> dict[Path, dict[str, float]]:
    """Exports a run; each file is compared with Keras before it counts.

    Args:
        run_dir: Run directory of `stego.train`.
        output_dir: Folder to write to; made if it is missing.
        msg_len: As `load_networks`.
        overwrite: Whether files that are there are replaced.

    Returns:
        For each path written, the largest difference of each output as a
        share of its range.

    Raises:
        UserError: If the run is incomplete, or a file exists.
        shared.export.ExportError: If an export differs from the networks.
    """
    config = read_config(run_dir, CONFIG_TYPES)
    networks = load_networks(run_dir, msg_len)
    config["msg_len"] = msg_len or config["msg_len"]
    factors = ARCHITECTURES[config["architecture"]].FACTORS
    examples = make_examples(config["output_size"], config["msg_len"])
    output_dir = Path(output_dir)
    endings = (".onnx", "/1")
    targets = [output_dir / f"{n}{end}" for n in networks for end in endings]
    refuse_any(targets, overwrite)
    output_dir.mkdir(parents=True, exist_ok=True)
    differences = {}
    for name, network in networks.items():
        inputs = {t.name: examples[t.name] for t in network.inputs}
        path = output_dir / f"{name}.onnx"
        described = {"role": name, **config, "factors": factors}
        differences[path] = export.export_onnx(
            network, path, {"stego": described}, examples=inputs
        )
        differences[output_dir / name / "1"] = export.export_saved_model(
            network, output_dir / name, examples=inputs
        )
    return differences


def define_flags() -> None:
    """Defines this command's flags."""
    flags.DEFINE_string("run_dir", None, "Run directory of stego.train.")
    flags.DEFINE_string("output_dir", None, "Folder to write the exports to.")
    flags.DEFINE_integer(
        "msg_len",
        None,
        "Bits of a tile, if not those of the training: one training of the "
        "preset modern serves any payload.",
        lower_bound=1,
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
        values.msg_len,
        values.overwrite,
    )


if __name__ == "__main__":
    define_flags()
    run_main(main)
