"""Each failure is named by its numbers; a phase is not yet a failure."""

import json
import math

import pytest

from dcgan.health import (
    DISCRIMINATOR_WINS,
    GENERATOR_WINS,
    HEALTHY,
    MODE_COLLAPSE,
    Health,
    diagnose,
)

GOOD = {
    "discriminator_loss": 0.65,
    "generator_loss": 0.75,
    "generator_accuracy": 0.3,
    "diversity": 0.9,
    "class_coverage": 10,
    "class_entropy": 2.2,
}


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({}, HEALTHY),
        (
            {"discriminator_loss": 0.02, "generator_accuracy": 0.0},
            DISCRIMINATOR_WINS,
        ),
        # A low loss alone, while images pass, is no win.
        ({"discriminator_loss": 0.02}, HEALTHY),
        (
            {"generator_accuracy": 0.99, "generator_loss": 0.05},
            GENERATOR_WINS,
        ),
        ({"diversity": 0.1}, MODE_COLLAPSE),
        ({"class_coverage": 4}, MODE_COLLAPSE),
        ({"class_entropy": 1.0}, MODE_COLLAPSE),
        # The worst of two is named.
        (
            {
                "diversity": 0.0,
                "discriminator_loss": 0.02,
                "generator_accuracy": 0.0,
            },
            MODE_COLLAPSE,
        ),
    ],
)
def test_states_are_told_apart(change, state):
    assert diagnose(GOOD | change, entropy=math.log(10)) == state


@pytest.mark.parametrize("shares", [[1.0], [0.5, 0.5], [0.99, 0.01]])
def test_few_classes_in_the_data_are_no_collapse(shares):
    entropy = -sum(share * math.log(share) for share in shares)
    seen = {"class_coverage": len(shares), "class_entropy": entropy}
    assert diagnose(GOOD | seen, entropy) == HEALTHY
    # A share of a class in a hundred need not be among the samples.
    if shares[0] > 0.9:
        seen = {"class_coverage": 1, "class_entropy": 0.03}
        assert diagnose(GOOD | seen, entropy) == HEALTHY
    # Nor do they hide a generator that draws one picture only.
    assert diagnose(GOOD | seen | {"diversity": 0.1}, entropy) == MODE_COLLAPSE


def test_without_classes_only_diversity_tells_collapse():
    assert diagnose(GOOD | {"class_entropy": 0.0}) == HEALTHY


def test_changes_are_said_once_and_failures_take_patience():
    health = Health(math.log(10), patience=2)
    bad = GOOD | {"diversity": 0.1}
    assert health.update(100, GOOD) is None
    line = health.update(200, bad)
    assert line.startswith("step 200: mode collapse: ")
    assert not health.failed
    assert health.update(300, bad) is None and health.failed
    assert health.update(400, GOOD) == "step 400: healthy again"
    assert not health.failed
    assert list(health.changes.values()) == [200, 400]
    for _ in range(5):
        health.update(500, GOOD)
    assert not health.failed


def test_a_resumed_training_remembers():
    health = Health(math.log(10), patience=3)
    bad = GOOD | {"diversity": 0.1}
    health.update(1, bad)
    health.update(2, bad)
    other = Health(math.log(10), patience=3)
    other.set_state(json.loads(json.dumps(health.get_state())))
    other.update(3, bad)
    assert other.failed and other.changes == health.changes
    other.set_state({})
    assert other.state == HEALTHY and not other.failed
