"""How a report is made again."""

import hashlib
import json
import platform
import sys

import numpy as np
import pytest
from absl import flags

from shared import __version__
from shared.outputs import check_report_dir, define_save_dir
from shared.recipe import make_recipe


@pytest.fixture
def values():
    values = flags.FlagValues()
    # As a module of ours does, which a test is none of.
    define_save_dir("Folder.", "report_dir", values)
    values(["command", "--report_dir=there"])
    return values


def test_a_recipe_has_command_flags_files_and_versions(
    tmp_path, values, monkeypatch
):
    monkeypatch.setattr(sys, "argv", ["evaluate.py", "--report_dir", "a b"])
    (tmp_path / "bob.onnx").write_bytes(b"weights")
    recipe = make_recipe("stego.evaluate", [tmp_path / "bob.onnx"], values)
    command = "python -m stego.evaluate --report_dir 'a b'"
    assert recipe["command"] == command
    assert recipe["flags"] == {"save_dir": "there", "report_dir": "there"}
    digest = hashlib.sha256(b"weights").hexdigest()
    assert recipe["model_sha256"] == {"bob.onnx": digest}
    versions = recipe["versions"]
    assert versions["adversarial-games"] == __version__
    assert versions["python"] == platform.python_version()
    assert versions["numpy"] == np.__version__
    # By its command a report is known as one that may be replaced.
    (tmp_path / "report.json").write_text(json.dumps({"recipe": recipe}))
    check_report_dir(tmp_path, ["bob.onnx"], "stego.evaluate")


def test_only_what_was_imported_is_counted(values, monkeypatch):
    for name in ("keras", "tensorflow", "jax", "sklearn"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    found = make_recipe("stego.evaluate", [], values)["versions"]
    assert {"keras", "tensorflow", "jax", "scikit-learn"}.isdisjoint(found)
    fake = type(sys)("keras")
    fake.__version__ = "3.99"
    monkeypatch.setitem(sys.modules, "keras", fake)
    found = make_recipe("stego.evaluate", [], values)["versions"]
    assert found["keras"] == "3.99"


def test_files_of_one_name_are_told_apart(tmp_path, values):
    paths = [tmp_path / name / "bob.onnx" for name in ("a", "b", "c/b")]
    for path in paths:
        path.parent.mkdir(parents=True)
        path.write_text(str(path))
    recipe = make_recipe("stego.evaluate", [*paths, paths[0]], values)
    found = recipe["model_sha256"]
    assert list(found) == ["bob.onnx", "b/bob.onnx", str(paths[2])]
    assert len(set(found.values())) == 3
