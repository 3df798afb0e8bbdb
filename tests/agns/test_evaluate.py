"""The evaluation: who attacks whom, controls, rates, pictures."""

import json

import keras
import numpy as np
import pytest

from agns import controls
from agns.attack_run import Photos
from agns.evaluate import read_done
from agns.evaluate_attacks import Arena, plan_attacks
from agns.evaluate_report import is_success, summarize, write_pictures
from agns.frames import load_mask
from agns.game import AttackRules
from agns.goals import EVALUATED
from agns.realism import Judged, judge
from shared.errors import UserError
from tests.agns import tiny

PEOPLE = [f"Person_{index}" for index in range(5)]
KINDS = EVALUATED


@pytest.fixture(scope="module")
def photos():
    random = np.random.default_rng(2)
    faces = random.uniform(0.2, 0.8, (4, 224, 224, 3)).astype("float32")
    return Photos(faces[:2], faces[2:])


@pytest.fixture(scope="module")
def arena():
    keras.utils.set_random_seed(3)
    recognizer = tiny.recognizer(len(PEOPLE))
    return Arena(
        tiny.generator(),
        tiny.discriminator(),
        recognizer,
        recognizer,
        load_mask(),
        AttackRules(learning_rate=0.02, objective="probability"),
        keras.backend.backend() == "jax",
    )


def test_a_plan_is_drawn_once_and_for_all():
    plan = plan_attacks(PEOPLE, 3, 2, 2, KINDS)
    assert plan == plan_attacks(PEOPLE, 3, 2, 2, KINDS)
    assert len(plan) == 2 * 3 * (1 + 2)
    assert len({attack.name for attack in plan}) == len(plan)
    for attack in plan:
        same = attack.attacker == attack.person
        assert same == (attack.goal.name == "dodging")
        assert PEOPLE[attack.index] == attack.person
    # A cut evaluation has every attack once before any again.
    assert {attack.seed for attack in plan[:9]} == {0}


def test_attacks_do_not_depend_on_those_before(arena, photos, tmp_path):
    plan = plan_attacks(PEOPLE, 1, 1, 1, KINDS)

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


def test_controls_of_every_source(arena, photos):
    plan = plan_attacks(PEOPLE, 1, 1, 1, KINDS)
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


def records():
    def record(kind, attacker, person, seed, probability, succeeded):
        return {
            "name": f"{kind}-{attacker}-{person}-{seed}",
            "kind": kind,
            "attacker": attacker,
            "person": person,
            "seed": seed,
            "succeeded": succeeded,
            "probability": probability,
            "steps": 20,
            "path": [0.5, probability],
            "transfer": {},
        }

    return [
        record("dodging", "A", "A", 0, 0.005, True),
        record("dodging", "B", "B", 0, 0.005, True),
        record("dodging", "B", "B", 1, 0.2, False),
        record("impersonation", "A", "B", 0, 0.95, True),
    ]


def baseline():
    def row(least, greatest):
        return {
            "bare": 0.9,
            "random": {"mean": 0.5, "least": least, "greatest": greatest},
        }

    # Random glasses hide B as well as any.
    return {
        "A as A": row(0.3, 0.9),
        "B as B": row(0.004, 0.9),
        "A as B": row(0.0, 0.1),
    }


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


def test_a_damaged_list_of_attacks_is_named(tmp_path):
    path = tmp_path / "attacks.jsonl"
    assert read_done(path) == []
    path.write_text('{"name": "a"}\n{"na')
    with pytest.raises(UserError, match="attacks.jsonl.*delete its last line"):
        read_done(path)


def test_an_attack_of_an_unknown_kind_is_judged_by_nobody(tmp_path):
    stranger = records()[0] | {"kind": "hide"}
    for judged in (is_success, lambda *two: summarize({}, two[1], [two[0]])):
        with pytest.raises(ValueError, match="Received: 'hide'"):
            judged(stranger, baseline())
    path = tmp_path / "attacks.jsonl"
    path.write_text(f"{json.dumps(records()[0])}\n{json.dumps(stranger)}\n")
    with pytest.raises(UserError, match="line 2: .*unknown kind hide"):
        read_done(path)


def test_a_fresh_discriminator_tells_what_can_be_told():
    random = np.random.default_rng(0)
    dark, light, more = (
        random.integers(low, low + 80, (24, 64, 176, 3)).astype(np.uint8)
        for low in (0, 160, 160)
    )
    frames, labels = Judged(dark, light, 8, 0)[0]
    assert frames.shape == (8, 64, 176, 3)
    np.testing.assert_array_equal(labels[:, 0], [1] * 4 + [0] * 4)
    area, (low, high) = judge(dark, light, 6, 0)
    assert area > 0.9 and low <= area <= high
    area, (low, high) = judge(light, more, 1, 0)
    assert low < 0.75 and high > 0.25
