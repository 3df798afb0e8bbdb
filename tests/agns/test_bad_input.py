"""Bad input of the training commands gets one line that names it."""

import subprocess
import sys

import pytest


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
        ("agns.export", ["--run_dir=nowhere", "--save_dir=x"], "nowhere"),
    ],
)
def test_a_command_says_what_is_wrong(module, arguments, words, tmp_path):
    done = run(module, *arguments)
    assert done.returncode in (1, 2)
    assert words in done.stderr and "Traceback" not in done.stderr
