"""The check is learned from folders of faces."""

import cv2
import numpy as np
import pytest

from agns import fit_pose_check
from agns.pose_check import PoseCheck
from tests.agns.faces import as_in_a_photo, shipped_faces
from tests.stegastamp.commands import call


@pytest.fixture(scope="module")
def faces():
    return shipped_faces()


def test_what_is_learned_from_folders_tells_them_apart(faces, tmp_path):
    """Not as well as the weights that ship: from few faces."""
    for kind, change in (("right", np.asarray), ("wrong", as_in_a_photo)):
        for number, face in enumerate(faces):
            path = tmp_path / kind / f"{number % 6}" / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), change(face)[..., ::-1])
    output = tmp_path / "check.npz"
    output.write_text("mine")
    command = (
        fit_pose_check,
        f"--aligned_dir={tmp_path / 'right'}",
        f"--photos_dir={tmp_path / 'wrong'}",
        f"--output={output}",
    )
    code, _, err = call(*command)
    assert code == 1 and "check.npz: exists" in err and "--overwrite" in err
    assert output.read_text() == "mine"
    code, out, err = call(*command, "--overwrite")
    assert (code, err) == (None, "")
    _, right, wrong = out.splitlines()
    assert int(right.split("for ")[1].split()[0]) <= 6
    assert int(wrong.split("for ")[1].split()[0]) >= 22
    assert "of 24" in right and "of 24" in wrong
    assert PoseCheck(output).scores(faces).shape == (48,)
