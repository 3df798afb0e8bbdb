"""What every export command does: one set of flags, one list of files."""

import dataclasses
import json
import logging as std_logging
from pathlib import Path

import keras
from absl import flags, logging

import shared.outputs
from shared.errors import UserError
from shared.export import half as half_storage
from shared.export.compare import BATCH_SIZES, TOLERANCE
from shared.export.gradient import export_gradient
from shared.export.graph import ExportError, made_beside
from shared.export.litert import export_litert
from shared.export.onnx import export_onnx
from shared.export.saved_model import export_saved_model
from shared.images import make_directory
from shared.outputs import define_save_dir, refuse_any
from shared.text import say
from shared.training import CONFIG, write_text

RANGE = "largest difference {:.1e} of its range"


@dataclasses.dataclass(frozen=True)
class Part:
    """One network of a run, and what its exports are compared on.

    Attributes:
        network: Built Keras model in float32, with named inputs.
        metadata: JSON values that its ONNX file holds.
        examples: Arrays [3, ...] by input name; others are ignored.
        decisions: Whether its outputs are logits of classes; see `compare`.
        gradient: Name of the ONNX file that holds the gradient of its bits'
            loss, see `write_gradient`; None writes none.
    """

    network: keras.Model
    metadata: dict
    examples: dict
    decisions: bool = False
    gradient: str | None = None

    @property
    def compared(self) -> dict:
        """The arguments of an exporter that say what it is compared on."""
        named = {t.name: self.examples[t.name] for t in self.network.inputs}
        return {"examples": named, "decisions": self.decisions}


@dataclasses.dataclass(frozen=True)
class Run:
    """What a training left, as it is exported.

    Attributes:
        package: Whose metadata it is, such as "stego".
        parts: By the name of its files: `NAME.onnx`, `NAME.tflite`, ...
        config: JSON values that say how the networks are built.
        served: By name, what TensorFlow Serving gets; None: each part.
    """

    package: str
    parts: dict[str, Part]
    config: dict
    served: dict[str, Part] | None = None


def list_targets(run, save_dir, litert=False, saved_model=True) -> list[Path]:
    """The files and folders by which an export is known to be there."""
    endings = [".onnx", ".weights.h5", *([".tflite"] if litert else [])]
    names = [f"{name}{ending}" for name in run.parts for ending in endings]
    names += [p.gradient for p in run.parts.values() if p.gradient]
    if saved_model:
        names += [f"{name}/1" for name in run.served or run.parts]
    return [Path(save_dir) / name for name in [*names, CONFIG]]


def export_run(
    read_run,
    run_dir,
    save_dir,
    *,
    half: bool = False,
    litert: bool = False,
    saved_model: bool = True,
    overwrite: bool = False,
    **settings,
) -> dict[Path, dict[str, float]]:
    """Writes what `--model` takes, and the same for other runtimes.

    By part, `NAME.onnx` and `NAME.weights.h5`, which together with
    `config.json` also start other trainings. Each export is compared with
    Keras before it counts.

    Args:
        read_run: Callable of (run_dir, ...) to a Run; each package's
            `export.export_run` is this function with its own.
        run_dir: Run directory of a training; nothing is written there.
        save_dir: Folder to write to; made if it is missing.
        half: Whether ONNX files and weights are stored in 16 bits; they are
            computed with in 32.
        litert: Whether to write `NAME.tflite` too.
        saved_model: Whether to write `NAME/1/` for TensorFlow Serving.
        overwrite: Whether files that are there are replaced.
        settings: Further arguments of `read_run`.

    Returns:
        For each export written, the largest difference of each output as a
        share of its range.

    Raises:
        UserError: If the run is incomplete, or a file exists or is one of
            the run's.
        ExportError: If an export differs from the networks.
    """
    run = read_run(run_dir, **settings)
    save_dir = Path(save_dir)
    targets = list_targets(run, save_dir, litert, saved_model)
    refuse_any(targets, overwrite, Path(run_dir).iterdir())
    make_directory(save_dir)
    differences = {}
    for name, part in run.parts.items():
        if half:
            half_storage.round_weights(part.network)
        path = save_dir / f"{name}.onnx"
        differences[path] = export_onnx(
            part.network,
            path,
            {run.package: part.metadata},
            half=half,
            **part.compared,
        )
        if part.gradient:
            gradient = save_dir / part.gradient
            differences[gradient] = export_gradient(
                part.network,
                path,
                gradient,
                run.package,
                part.compared["examples"],
            )
        if litert:
            path = save_dir / f"{name}.tflite"
            differences[path] = export_litert(
                part.network, path, **part.compared
            )
        weights = save_dir / f"{name}.weights.h5"
        if half:
            half_storage.save_weights(part.network, weights)
        else:
            with made_beside(weights) as whole:
                part.network.save_weights(whole)
    if saved_model:
        for name, part in (run.served or run.parts).items():
            differences[save_dir / name / "1"] = export_saved_model(
                part.network, save_dir / name, **part.compared
            )
    write_text(save_dir / CONFIG, json.dumps(run.config, indent=2) + "\n")
    return differences


def define_flags(values: flags.FlagValues = flags.FLAGS) -> None:
    """Defines the flags that every export command has."""
    flags.DEFINE_string(
        "run_dir", None, "Run directory of a training.", flag_values=values
    )
    define_save_dir("Folder to write the exports to.", "output_dir", values)
    flags.DEFINE_bool(
        "test",
        False,
        "Print how far each output of each export is from the trained "
        "networks, as a share of the output's range. An export that is more "
        f"than {TOLERANCE:.0e} away (with --half, "
        f"{half_storage.TOLERANCE:.0e}) fails with and without this flag.",
        flag_values=values,
    )
    flags.DEFINE_bool(
        "half", False, "Store weights in 16 bits.", flag_values=values
    )
    flags.DEFINE_bool(
        "litert", False, "Write .tflite files too.", flag_values=values
    )
    flags.DEFINE_bool(
        "saved_model",
        True,
        "Write SavedModels for TensorFlow Serving too.",
        flag_values=values,
    )
    shared.outputs.define_flags(values)
    flags.mark_flags_as_required(["run_dir", "save_dir"], values)


def export_and_tell(
    read_run, values: flags.FlagValues, measure=RANGE, **settings
) -> None:
    """Exports a run as the flags say, and prints what was written.

    Args:
        read_run: As in `export_run`.
        values: Flags of `define_flags`.
        measure: What the differences are, as a format of one number.
        settings: Further arguments of `read_run`.

    Raises:
        UserError: As `export_run`, also where an export differs.
    """
    tell(
        lambda: export_run(
            read_run,
            values.run_dir,
            values.save_dir,
            half=values.half,
            litert=values.litert,
            saved_model=values.saved_model,
            overwrite=values.overwrite,
            **settings,
        ),
        measure if values.test else None,
    )
    if values.test:
        print("all equal on batches of " + " and ".join(map(str, BATCH_SIZES)))


def tell(export, measure=RANGE) -> None:
    """Runs an exporter without its converters' chatter; prints its files.

    Args:
        export: Callable returning for each path written the difference of
            each output as a share.
        measure: What the shares are, as a format of one number; None leaves
            them out.

    Raises:
        UserError: If an export differs from the network it was made of.
    """
    # TensorFlow and tf2onnx tell every step of theirs; errors are raised.
    logging.set_verbosity(logging.WARNING)
    for name in ("tensorflow", "tf2onnx"):
        std_logging.getLogger(name).setLevel(std_logging.WARNING)
    try:
        differences = export()
    except ExportError as error:
        raise UserError(str(error)) from error
    for path, outputs in differences.items():
        say(path)
        if measure:
            for name, share in outputs.items():
                say(f"  {name}: {measure.format(share)}")
