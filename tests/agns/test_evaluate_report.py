"""Rates against controls, pictures."""

import numpy as np
import pytest

from agns.evaluate_report import draw_pictures, is_success, summarize
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


def test_pictures_are_drawn(tmp_path, photos):
    (tmp_path / "glasses").mkdir()
    for record in records():
        np.save(
            tmp_path / "glasses" / f"{record['name']}.npy",
            np.full((64, 176, 3), 200, np.uint8),
        )
    drawn = draw_pictures(
        tmp_path,
        records(),
        baseline(),
        {"A": photos, "B": photos},
        load_mask(),
    )
    names = ["curves.png", "success.png", "contact_sheet.png"]
    assert list(drawn) == names
    for plot in map(drawn.get, names[:2]):
        assert plot.startswith(b"\x89PNG") and len(plot) > 1000
    assert np.ptp(drawn["contact_sheet.png"]) > 100
    assert draw_pictures(tmp_path, [], baseline(), {}, load_mask()) == {}
