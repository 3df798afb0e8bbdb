"""What glasses do that nobody trained."""

import numpy as np
import pytest

from agns import controls
from agns.evaluate_attacks import plan_attacks
from agns.goals import EVALUATED
from tests.agns import tiny
from tests.agns.small_evaluation import PEOPLE, draw_photos, make_arena


@pytest.fixture(scope="module")
def photos():
    return draw_photos()


@pytest.fixture(scope="module")
def arena():
    return make_arena()


def test_controls_of_every_source(arena, photos):
    plan = plan_attacks(PEOPLE, 1, 1, 1, EVALUATED)
    real = np.zeros((3, 64, 176, 3), np.uint8)
    sources = controls.make_sources(arena.generator, real, 3)
    assert set(sources) == {"random", "noise", "real"}
    by_attacker = {plan[0].attacker: photos}
    found = controls.measure(
        arena.setup.wearing,
        tiny.recognizer(len(PEOPLE)),
        sources,
        by_attacker,
        plan,
    )
    assert len(found) == 2
    rounding = 1e-6
    for row in found.values():
        assert 0 <= row["bare"] <= 1
        for name in sources:
            assert row[name]["least"] <= row[name]["mean"] + rounding
            assert row[name]["mean"] <= row[name]["greatest"] + rounding
    # Three equal pairs do the same thing.
    assert row["real"]["least"] == pytest.approx(row["real"]["greatest"])
