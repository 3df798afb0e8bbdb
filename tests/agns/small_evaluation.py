"""An evaluation in small: its photos, its networks, what it found."""

import keras
import numpy as np

from agns.attack_run import Photos
from agns.evaluate_attacks import Arena
from agns.frames import load_mask
from agns.game import AttackRules
from tests.agns import tiny

PEOPLE = [f"Person_{index}" for index in range(5)]


def draw_photos():
    """Two photos of an attacker to learn from, two held out."""
    random = np.random.default_rng(2)
    faces = random.uniform(0.2, 0.8, (4, 224, 224, 3)).astype("float32")
    return Photos(faces[:2], faces[2:])


def make_arena():
    """Where attacks take place, on stand-ins of the networks."""
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


def records():
    """What four attacks came to."""

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
    """What glasses that nobody trained came to."""

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
