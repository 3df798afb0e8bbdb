"""Trained models by name: those that ship with a package, and folders."""

import hashlib
from pathlib import Path

from shared.errors import UserError


def find_model(model, weights, files, flag="model") -> Path:
    """The directory of a model.

    Args:
        model: Name of a model that ships in `weights`, or a path.
        weights: The package's folder of models, one folder each.
        files: Names of the files that a model of this kind has.
        flag: Name of the flag that gave it, for the message.

    Returns:
        A directory that exists; its files are checked by who opens them.

    Raises:
        UserError: If there is no such directory, naming those that ship.
    """
    weights = Path(weights)
    for directory in (weights / str(model), Path(model)):
        if directory.is_dir():
            return directory
    names = []
    if weights.is_dir():
        names = sorted(p.name for p in weights.iterdir() if p.is_dir())
    raise UserError(
        f"--{flag}={model}: no such model; give a directory with "
        f"{' and '.join(files)}, or one of: "
        f"{', '.join(names) or '(none shipped)'}"
    )


def hash_file(path: str | Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
