"""What does not fit the networks or each other is one line."""

import keras
import pytest

from tests.malicious_ae.commands import fails, run
from tests.malicious_ae.workplace import save

pytestmark = pytest.mark.tensorflow


HEIGHT, WIDTH = 32, 48


def test_what_does_not_fit_is_one_line(workplace, tmp_path):
    image = keras.Input((HEIGHT, 16, 3), name="image")
    narrow = keras.Model(image, keras.layers.Rescaling(1, name="out")(image))
    save(narrow, tmp_path / "narrow", "attacker", width=16)
    data = f"--dataset_dir={workplace / 'camvid'}"
    victim = f"--model={workplace / 'victim'}"
    attacker = f"--attacker={workplace / 'attacker'}"
    fails(
        run(
            "display",
            data,
            victim,
            f"--attacker={tmp_path / 'narrow'}",
            f"--save_dir={tmp_path}",
        ),
        "--attacker",
        "16x32",
        "48x32",
    )
    fails(
        run(
            "display",
            data,
            victim,
            attacker,
            f"--save_dir={tmp_path}",
            "--splits=best",
        ),
        "--splits=best",
    )
    fails(
        run(
            "segment",
            "--image=none.png",
            f"--save_dir={tmp_path}",
            "--model=nowhere",
        ),
        "--model=nowhere",
    )
    fails(run("segment", f"--save_dir={tmp_path}"), "--image")
