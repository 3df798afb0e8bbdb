"""Rates against controls, pictures."""

import numpy as np
import pytest

from agns.evaluate_report import is_success, summarize, write_pictures
from agns.frames import load_mask
from tests.agns.small_evaluation import (
    baseline,
    draw_photos,
    records,
)


@pytest.fixture(scope="module")
def photos():
    return draw_photos()


def test_what_random_glasses_do_is_no_success():
    found = [is_success(record, baseline()) for record in records()]
    assert found == [True, False, False, True]
    table = {
        "photos": 4,
        "right": 3,
        "accuracy": 0.75,
        "true_probability": 0.7,
        "people": {},
    }
    summary = summarize({"one": table}, baseline(), records())
    dodging = summary["attacks"]["dodging"]
    assert (dodging["succeeded"], dodging["attacks"]) == (1, 3)
    assert dodging["interval"][0] < 1 / 3 < dodging["interval"][1]
    assert summary["attacks"]["impersonation"]["rate"] == 1.0
    control = summary["controls"]["dodging"]["random"]
    assert (control["reach_the_goal"], control["of"]) == (1, 2)
    assert summary["recognition"]["one"]["right"] == 3


def test_pictures_are_written(tmp_path, photos):
    (tmp_path / "glasses").mkdir()
    for record in records():
        np.save(
            tmp_path / "glasses" / f"{record['name']}.npy",
            np.full((64, 176, 3), 200, np.uint8),
        )
    write_pictures(
        tmp_path,
        records(),
        baseline(),
        {"A": photos, "B": photos},
        load_mask(),
    )
    for name in ("curves.png", "success.png", "contact_sheet.png"):
        assert (tmp_path / name).stat().st_size > 1000
