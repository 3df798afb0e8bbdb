"""How a report is made again: its command, flags, versions and model files."""

import platform
import shlex
import sys
from pathlib import Path

from absl import flags

from shared import __version__
from shared.command import own_flags
from shared.model_dir import hash_file

# What numbers may depend on, where the command has imported it: names of
# modules, by what they are called in a report.
_COUNTED = {
    "numpy": "numpy",
    "opencv": "cv2",
    "onnxruntime": "onnxruntime",
    "scikit-learn": "sklearn",
    "keras": "keras",
    "tensorflow": "tensorflow",
    "jax": "jax",
}


def make_recipe(command, files, values=flags.FLAGS):
    """What somebody needs to make a report again.

    Args:
        command: str, the module, such as "stego.evaluate".
        files: paths of the model files that were used.
        values: FlagValues of the command.

    Returns:
        dict of JSON values: the "command" with its arguments, all "flags" by
        name, "model_sha256" of each file, and the "versions".

    Raises:
        OSError: if a file cannot be read.
    """
    return {
        "command": shlex.join(["python", "-m", command, *sys.argv[1:]]),
        "flags": {name: flag.value for name, flag in own_flags(values).items()},
        "model_sha256": _hashes(files),
        "versions": _versions(),
    }


def _hashes(files):
    """SHA-256 of files; those of one name are told apart by their folders."""
    found = {}
    for path in dict.fromkeys(Path(file).absolute() for file in files):
        names = (path.name, f"{path.parent.name}/{path.name}", str(path))
        name = next(name for name in names if name not in found)
        found[name] = hash_file(path)
    return found


def _versions():
    versions = {
        "adversarial-games": __version__,
        "python": platform.python_version(),
    }
    for name, module in _COUNTED.items():
        if module in sys.modules:
            versions[name] = sys.modules[module].__version__
    return versions
