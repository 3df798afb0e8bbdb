"""Bad input of the training commands gets one line that names it."""

import json
import subprocess
import sys

import cv2
import numpy as np
import pytest

from agns.attack import check_save_dir
from agns.attack_run import load_attackers_photos
from agns.marks import MARKS
from shared.errors import UserError
from tests.agns import tiny


def test_an_attack_replaces_its_own_results_only(tmp_path):
    attack = {"kind": "dodging", "attacker": "Anna", "seed": 0}
    assert check_save_dir(tmp_path, attack, overwrite=False) is False
    (tmp_path / "worn_01.png").touch()
    with pytest.raises(UserError, match="worn_01.png: exists"):
        check_save_dir(tmp_path, attack, overwrite=False)
    assert check_save_dir(tmp_path, attack, overwrite=True) is True
    # A run that goes on finds what it wrote.
    result = json.dumps(attack | {"succeeded": False})
    (tmp_path / "attack.json").write_text(result)
    assert check_save_dir(tmp_path, attack, overwrite=False) is True
    with pytest.raises(UserError, match="attack.json: exists"):
        check_save_dir(tmp_path, attack | {"seed": 1}, overwrite=False)
    (tmp_path / "attack.json").write_text("[my notes")
    with pytest.raises(UserError, match="attack.json: exists"):
        check_save_dir(tmp_path, attack, overwrite=False)


def test_faces_of_another_size_are_refused(tmp_path):
    tiny.write_people(tmp_path, people=1, side=96)
    with pytest.raises(UserError, match="is 96 x 96 pixels.*224 x 224"):
        load_attackers_photos(tmp_path / "Person_0")


def test_a_photo_with_few_marks_is_named(tmp_path):
    for name, count in (("a", 7), ("b", 7), ("c", 4)):
        photo = np.full((224, 224, 3), 90, np.uint8)
        for x, y in MARKS[:count].astype(int):
            cv2.rectangle(
                photo, (x - 3, y - 2), (x + 3, y + 2), (60, 220, 40), -1
            )
        cv2.imwrite(str(tmp_path / f"{name}.png"), photo)
    with pytest.raises(UserError, match=r"c\.png: shows 4 green marks.*34, 69"):
        load_attackers_photos(tmp_path, physical=True)
    (tmp_path / "c.png").unlink()
    photos = load_attackers_photos(tmp_path, physical=True)
    assert len(photos.train) == len(photos.test) == 1
    # The marks are where the canvas has them: nothing is warped.
    np.testing.assert_allclose(photos.train_warps[0], np.eye(3), atol=0.02)


def run(module, *arguments):
    return subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "arguments", "words"),
    [
        ("agns.generate", [], "--save_dir is missing"),
        ("agns.recognize", ["--image=a", "--images_dir=b"], "give one of"),
        ("agns.align", ["--images_dir=nowhere", "--save_dir=x"], "nowhere"),
        (
            "agns.train_recognizer",
            ["--images_dir=nowhere", "--run_dir=x"],
            "--images_dir: nowhere: no such directory",
        ),
        (
            "agns.train_eyeglasses",
            ["--images_dir=nowhere", "--run_dir=x"],
            "nowhere: no such directory",
        ),
        (
            "agns.attack",
            [
                "--recognizer=nobody",
                "--attacker=a",
                "--run_dir=x",
                "--save_dir=y",
            ],
            "--recognizer=nobody: no such model",
        ),
        ("agns.export", ["--run_dir=nowhere", "--output_dir=x"], "nowhere"),
    ],
)
def test_a_command_says_what_is_wrong(module, arguments, words, tmp_path):
    done = run(module, *arguments)
    assert done.returncode in (1, 2)
    assert words in done.stderr and "Traceback" not in done.stderr
