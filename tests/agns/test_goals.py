"""What each goal asks for, and which attacks can be asked for."""

import numpy as np
import pytest

from agns.goals import GOALS, KINDS, choose_goal, find_goal
from shared.errors import UserError

PEOPLE = ["Anna", "Ben", "Cleo"]
FOUND = np.array([0.3, 0.005, 0.95])


@pytest.mark.parametrize(
    ("name", "sign", "best", "reached", "control"),
    [
        ("dodging", 1, 1, [False, True, False], 0.1),
        ("impersonation", -1, 2, [False, False, True], 0.6),
    ],
)
def test_a_goal_judges_one_persons_probability(
    name, sign, best, reached, control
):
    goal = GOALS[name]
    assert goal.sign == sign and goal.best(FOUND) == best
    assert [goal.reached(value) for value in FOUND] == reached
    # What is just enough is enough.
    assert goal.reached(goal.stop) and goal.reached(0.3, stop=0.3)
    assert goal.best_control({"least": 0.1, "greatest": 0.6}) == control
    probabilities = np.array([[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]])
    np.testing.assert_array_equal(
        goal.measure(probabilities, 2), probabilities[:, 2]
    )
    np.testing.assert_array_equal(goal.weights(2, 3), [0, 0, 1])
    assert goal.control("Ben", "Cleo") == "Ben as Cleo"


@pytest.mark.parametrize("goal", GOALS.values(), ids=list(GOALS))
def test_every_goal_is_fit_for_reports_and_can_be_asked_for(goal):
    assert GOALS[goal.name] is goal and goal.name.isidentifier()
    assert goal.sign in (1, -1) and 0 < goal.stop < 1
    assert goal.weights(1, 4).shape == (4,)
    assert goal.measure(np.full((2, 4), 0.25), 1).shape == (2,)
    kind = KINDS[goal.name]
    assert kind.goals == (goal,) and not kind.physical
    target = "Cleo" if goal.needs_target else None
    assert choose_goal(kind, "Ben", target, PEOPLE) == (
        goal,
        2 if target else 1,
    )


def test_an_unknown_kind_is_no_impersonation():
    with pytest.raises(ValueError, match="dodging.*Received: 'hide'"):
        find_goal("hide")


@pytest.mark.parametrize(
    ("kind", "attacker", "target", "words"),
    [
        ("impersonation", "Anna", "Anna", "Anna is the attacker"),
        ("impersonation", "Anna", "Zoe", "does not know Zoe.*Anna, Ben"),
        ("impersonation", "Anna", None, "--target is missing"),
        ("dodging", "Zoe", None, "does not know Zoe.*nothing to dodge"),
        ("dodging", "Anna", "Ben", "--target: dodging has none"),
        ("physical", "Zoe", None, "does not know Zoe"),
        ("physical", "Zoe", "Yan", "does not know Yan"),
    ],
)
def test_people_who_do_not_go_together(kind, attacker, target, words):
    with pytest.raises(UserError, match=words):
        choose_goal(KINDS[kind], attacker, target, PEOPLE)


@pytest.mark.parametrize(
    ("kind", "attacker", "target", "chosen"),
    [
        ("dodging", "Ben", None, ("dodging", 1)),
        ("impersonation", "Zoe", "Cleo", ("impersonation", 2)),
        ("physical", "Zoe", "Anna", ("impersonation", 0)),
        ("physical", "Anna", None, ("dodging", 0)),
    ],
)
def test_people_who_do(kind, attacker, target, chosen):
    goal, person = choose_goal(KINDS[kind], attacker, target, PEOPLE)
    assert (goal.name, person) == chosen
