"""The converter of LPIPS takes what is published and nothing else."""

import os
import subprocess
import sys

import numpy as np
import pytest

from shared.errors import UserError
from shared.lpips_convert import convert
from tests.shared.lpips_files import published_weights, write_lpips
from tests.shared.state_dicts import WRITERS


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return write_lpips(tmp_path_factory.mktemp("lpips"))


def command(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "shared.lpips_convert", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )


def test_command_names_what_is_wrong(files, tmp_path):
    output = tmp_path / "out.weights.h5"
    swapped = command(
        f"--alexnet={files / 'alex.pth'}",
        f"--lpips={files / 'alexnet.pth'}",
        f"--output={output}",
    )
    assert swapped.returncode == 1
    last = swapped.stderr.splitlines()[-1]
    assert last.startswith("error: ") and "features.0.weight" in last
    assert "Traceback" not in swapped.stderr
    assert list(tmp_path.iterdir()) == []

    missing = command("--alexnet=absent.pth")
    assert missing.returncode == 2
    assert "--lpips" in missing.stderr


def test_convert_refuses(files, tmp_path):
    alexnet, lpips = files / "alexnet.pth", files / "alex.pth"
    with pytest.raises(UserError, match="must end in"):
        convert(alexnet, lpips, tmp_path / "out.h5")
    with pytest.raises(UserError, match="no such folder"):
        convert(alexnet, lpips, tmp_path / "absent" / "out.weights.h5")
    _, linear = published_weights()
    linear["lin2.model.1.weight"] = np.zeros((1, 3, 1, 1), "float32")
    WRITERS["a.npz"](tmp_path / "bad.npz", linear)
    with pytest.raises(UserError, match=r"lin2.model.1.weight has shape"):
        convert(alexnet, tmp_path / "bad.npz", tmp_path / "out.weights.h5")
    linear["lin2.model.1.weight"] = np.full((1, 384, 1, 1), np.nan, "float32")
    WRITERS["a.npz"](tmp_path / "bad.npz", linear)
    with pytest.raises(UserError, match="not finite"):
        convert(alexnet, tmp_path / "bad.npz", tmp_path / "out.weights.h5")
    assert not (tmp_path / "out.weights.h5").exists()
