"""The wall: what uses a trained model needs no training framework.

Both sides of it are computed from the tree. Use is every command, every
`api`, what is below all commands, and whatever one of these imports as it is
imported; all the rest is training, and may import Keras.
"""

import fnmatch
import json
import subprocess
import sys

import pytest

from tests.imports import (
    import_graph,
    own_files,
    reach,
    way_to,
)
from tests.test_workspace import PACKAGES, ROOT

FRAMEWORKS = ("keras", "tensorflow", "jax", "torch")
# Commands that need a framework, by what they are called; any other command
# is use.
TRAINING = ("*.train", "*.train_*", "*.export")
# And those whose names do not say so.
ALSO_TRAINING = {
    "agns.attack": "trains the glasses",
    "agns.evaluate": "trains the attacks that it measures",
    "agns.realism": "asks a discriminator, which is no exported file",
    "dcgan.classifier": "is dcgan.train_classifier by another name",
}
# What has to do with numbers and files alone, whoever imports it today.
GROUND = (
    "*.report",
    "shared.command",
    "shared.errors",
    "shared.images*",
    "shared.measures*",
    "shared.recipe",
    "shared.runtime",
    "shared.segmentation.class_weights",
)


def _is(name, patterns):
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


def _roots(files):
    """The modules at which the use of a trained model begins."""
    return [
        name
        for name, path in files.items()
        if name.endswith(".api")
        or _is(name, GROUND)
        or (
            '\nif __name__ == "__main__":' in path.read_text("utf-8")
            and not _is(name, TRAINING)
            and name not in ALSO_TRAINING
        )
    ]


FILES = own_files(ROOT, (*PACKAGES, "shared"))
GRAPH = import_graph(FILES)
REACHED = reach(GRAPH, _roots(FILES))
USE = [name for name in FILES if name in REACHED]


def _frameworks(found):
    """How use comes to each framework, of what `reach` found."""
    return {
        name: " -> ".join(way_to(found, name))
        for name in FRAMEWORKS
        if name in found
    }


def test_use_reaches_no_training_framework():
    assert _frameworks(REACHED) == {}


def test_both_sides_of_the_wall_are_there():
    training = set(FILES) - set(USE)
    assert {"stegastamp.game", "shared.game", "agns.networks"} <= training
    assert {"stego.codec", "shared.photo_writer", "dcgan.metrics"} <= set(USE)
    # Whatever imports a framework is on the other side, and needs no list.
    needing = {name for name in FILES if _frameworks(reach(GRAPH, [name]))}
    assert needing <= training and len(needing) > 80


def test_what_needs_a_framework_by_name_is_there_and_needs_it():
    for name in ALSO_TRAINING:
        assert _frameworks(reach(GRAPH, [name])), name


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("shared.images", "import keras"),
        ("shared.text", "from keras import ops"),
        ("stegastamp.api", "import tensorflow as tf"),
        ("stego", "from stego.networks import build_alice"),
        ("dcgan.metrics", "import dcgan.networks"),
        ("malicious_ae.report", "from malicious_ae import game"),
        ("shared.runtime", "try:\n    import jax\nexcept ImportError:\n    0"),
    ],
)
def test_a_framework_would_be_seen_wherever_it_is_imported(
    tmp_path, module, line
):
    files = FILES | {module: tmp_path / FILES[module].name}
    text = FILES[module].read_text("utf-8")
    files[module].write_text(f"{text}\n{line}\n", "utf-8")
    graph = import_graph(files)
    assert _frameworks(reach(graph, _roots(files)))


@pytest.mark.parametrize(
    "line",
    [
        "def f():\n    import keras",
        "if TYPE_CHECKING:\n    import keras",
        "import kerastuner",
    ],
)
def test_what_is_not_imported_at_once_is_no_import(tmp_path, line):
    files = {"a": tmp_path / "a.py"}
    files["a"].write_text(line)
    assert not _frameworks(reach(import_graph(files), ["a"]))


# Each module is imported in a process that holds nothing else of ours. They
# all begin where the packages that most of them need are imported already.
IMPORTS = f"""
import importlib, json, os, sys
import cv2, numpy, onnxruntime, PIL.Image
from absl import app

for module in sys.argv[1:]:
    sys.stdout.flush()
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        continue
    try:
        importlib.import_module(module)
        found = [name for name in {FRAMEWORKS!r} if name in sys.modules]
    except BaseException as error:
        found = repr(error)
    print(json.dumps([module, found]), flush=True)
    os._exit(0)
"""


@pytest.fixture(scope="module")
def frameworks_of():
    """What each runtime module imports of `FRAMEWORKS`, or its error."""
    # In a process of its own: this one has imported Keras for other tests.
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS, *USE, "shared.game"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return dict(map(json.loads, done.stdout.splitlines()))


@pytest.mark.parametrize("module", USE)
def test_using_a_model_needs_no_training_framework(frameworks_of, module):
    assert frameworks_of[module] == []


def test_a_training_framework_would_be_seen(frameworks_of):
    assert "keras" in frameworks_of["shared.game"]
