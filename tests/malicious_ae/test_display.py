"""Both splits of a data set are shown."""

import cv2
import pytest

from tests.malicious_ae.commands import run

pytestmark = pytest.mark.tensorflow


HEIGHT, WIDTH = 32, 48


def test_display_shows_both_splits(workplace, tmp_path):
    done = run(
        "display",
        f"--dataset_dir={workplace / 'camvid'}",
        f"--save_dir={tmp_path}",
        f"--model={workplace / 'victim'}",
        f"--attacker={workplace / 'attacker'}",
        "--count=2",
    )
    assert done.returncode == 0, done.stderr
    for split in ("train", "val"):
        picture = cv2.imread(str(tmp_path / f"display_{split}.png"))
        # Four panels, two rows, a line of captions, the legend.
        assert picture.shape[1] == 4 * (WIDTH + 4)
        assert picture.shape[0] > 2 * (HEIGHT + 4) + 22
        assert "PSNR" in done.stdout
