"""Who attacks whom, and that one attack does not change the next."""

import numpy as np
import pytest

from agns.evaluate_attacks import plan_attacks
from agns.goals import EVALUATED
from tests.agns.small_evaluation import (
    PEOPLE,
    draw_photos,
    make_arena,
)


@pytest.fixture(scope="module")
def photos():
    return draw_photos()


@pytest.fixture(scope="module")
def arena():
    return make_arena()


def test_a_plan_is_drawn_once_and_for_all():
    plan = plan_attacks(PEOPLE, 3, 2, 2, EVALUATED)
    assert plan == plan_attacks(PEOPLE, 3, 2, 2, EVALUATED)
    assert len(plan) == 2 * 3 * (1 + 2)
    assert len({attack.name for attack in plan}) == len(plan)
    for attack in plan:
        same = attack.attacker == attack.person
        assert same == (attack.goal.name == "dodging")
        assert PEOPLE[attack.index] == attack.person
    # A cut evaluation has every attack once before any again.
    assert {attack.seed for attack in plan[:9]} == {0}


def test_attacks_do_not_depend_on_those_before(arena, photos, tmp_path):
    plan = plan_attacks(PEOPLE, 1, 1, 1, EVALUATED)

    def run(attack):
        return arena.run(
            attack,
            photos,
            {"same": arena.setup.wearing},
            tmp_path,
            steps=4,
            check_every=2,
            batch_size=4,
            stop=0.0 if attack.goal.falls else 1.0,
        )

    first, other, again = run(plan[0]), run(plan[1]), run(plan[0])
    assert first == again and first != other
    assert len(first["path"]) == 2 and first["steps"] == 4
    assert first["transfer"]["same"] == pytest.approx(
        first["probability"], abs=1e-5
    )
    kept = np.load(tmp_path / "glasses" / f"{first['name']}.npy")
    assert kept.shape == (64, 176, 3) and kept.dtype == np.uint8
