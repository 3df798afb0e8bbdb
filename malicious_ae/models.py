"""Trained networks as Keras models: of a run, or of those that ship."""

import json
from pathlib import Path

import keras

from malicious_ae.classes import CLASS_LISTS, ClassList, from_record
from malicious_ae.networks import build_attacker
from shared.errors import UserError
from shared.model_dir import find_model
from shared.segmentation.enet import build_enet
from shared.training.run_files import building, load_weights, read_config

WEIGHTS = Path(__file__).parent / "weights"
BEST = "best.weights.h5"
VICTIM_TYPES = {"kind": str, "dataset": str, "height": int, "width": int}
ATTACKER_TYPES = VICTIM_TYPES | {
    "bound": str,
    "epsilon": float,
    "min_psnr": float,
}


def run_classes(folder, dataset: str) -> ClassList | None:
    """The classes of a run: its own, or those of its data set.

    Args:
        folder: Directory with `config.json`.
        dataset: What it says of its data set.

    Returns:
        ClassList; None if the data set is unknown.

    Raises:
        UserError: If the file is broken.
    """
    path = Path(folder) / "config.json"
    record = json.loads(path.read_text("utf-8")).get("classes")
    if not record:
        return CLASS_LISTS.get(dataset)
    try:
        return from_record(record)
    except ValueError as error:
        raise UserError(f"{path}: `classes`: {error}") from error


def read_victim_config(model) -> tuple[Path, dict]:
    """Finds a victim, and what it was built with.

    Args:
        model: Name under `weights`, or run directory of `train_victim`.

    Returns:
        Its directory, and `dataset`, `height`, `width` and `classes`, a
        `ClassList`.

    Raises:
        UserError: If there is none, or it is another network.
    """
    files = ("config.json", "enet.weights.h5")
    folder = find_model(model, WEIGHTS, files, flag="victim")
    config = read_config(folder, VICTIM_TYPES)
    config["classes"] = run_classes(folder, config["dataset"])
    if config.pop("kind") != "enet" or not config["classes"]:
        raise UserError(
            f"{folder / 'config.json'}: describes no victim; give the "
            "--run_dir of malicious_ae.train_victim"
        )
    return folder, config


def load_victim(model, height=None, width=None) -> keras.Model:
    """Builds a trained victim: the best network of its run.

    Args:
        model: Name under `weights`, or run directory of `train_victim`.
        height: In pixels; by default what it was trained for.
        width: In pixels.

    Raises:
        UserError: If a file is missing, broken or of another network.
    """
    folder, config = read_victim_config(model)
    with building(folder, keras.config.dtype_policy()):
        victim = build_enet(
            height or config["height"],
            width or config["width"],
            config["classes"].count,
        )
    best = folder / BEST
    load_weights(victim, best if best.exists() else folder / "enet.weights.h5")
    return victim


def read_attacker_config(model) -> tuple[Path, dict]:
    """Finds an attacker, and what it was built with.

    Args:
        model: Name under `weights`, or run directory of `train_attacker`.

    Returns:
        Its directory, and the values of `ATTACKER_TYPES`.

    Raises:
        UserError: If there is none, or the directory is another network's.
    """
    files = ("config.json", "attacker.weights.h5")
    folder = find_model(model, WEIGHTS, files, flag="attacker")
    return folder, read_config(folder, ATTACKER_TYPES)


def load_attacker(model, height=None, width=None) -> keras.Model:
    """Builds a trained attacker.

    Args:
        model: Name under `weights`, or run directory of `train_attacker`.
        height: In pixels; by default what it was trained for.
        width: In pixels.

    Raises:
        UserError: If a file is missing or broken, or the attacker is one
            residual for images of another size.
    """
    folder, config = read_attacker_config(model)
    trained = (config.pop("height"), config.pop("width"))
    size = (height or trained[0], width or trained[1])
    if config["kind"] == "universal" and trained != size:
        raise UserError(
            f"{folder}: a universal attacker of {trained[1]}x{trained[0]} "
            f"does not fit images of {size[1]}x{size[0]}"
        )
    config.pop("dataset")
    with building(folder, keras.config.dtype_policy()):
        attacker = build_attacker(height=size[0], width=size[1], **config)
    load_weights(attacker, folder / "attacker.weights.h5")
    return attacker
