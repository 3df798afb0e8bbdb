"""Commands do not report that there is no GPU where there is none."""

import ast
import importlib
import sys
from pathlib import Path

import pytest

import shared

NAME = "TF_CPP_MIN_LOG_LEVEL"


@pytest.mark.parametrize(
    ("before", "gpu", "after"),
    [
        ({}, False, {NAME: "3"}),
        # Whoever has a GPU wants to know why it does not work.
        ({}, True, {}),
        ({NAME: "0"}, False, {NAME: "0"}),
    ],
)
def test_only_a_search_in_vain_is_kept_quiet(tmp_path, before, gpu, after):
    if gpu:
        (tmp_path / "nvidia0").touch()
    environment = dict(before)
    shared._spare_the_search_for_gpus(
        environment, ("/nowhere/dxg", str(tmp_path / "nvidia*"))
    )
    assert environment == after


@pytest.mark.parametrize(
    "package",
    ["agns", "benchmarks", "dcgan", "malicious_ae", "stegastamp", "stego"],
)
def test_every_command_begins_with_it(package):
    # Python runs this much of a package before any of its commands.
    path = Path(importlib.import_module(package).__file__)
    imports = [
        ast.unparse(node).split()[1]
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    own = [name for name in imports if name not in sys.stdlib_module_names]
    assert own[0] == "shared"
