"""What glasses do that nobody has taught to deceive."""

import numpy as np

from agns.attack_run import mean_measures
from agns.models import answers
from agns.networks import CODE_SIZE, INPUTS
from agns.people import to_input
from shared.ranges import levels_to_signed


def make_sources(generator, frames, pairs):
    """Glasses of each control.

    Args:
        generator: The untouched eyeglass generator.
        frames: uint8 [N, 64, 176, 3] real frames, or None.
        pairs: How many of each.

    Returns:
        dict from name to float32 [K, 64, 176, 3] in [-1, 1]: "random" of the
        generator, "noise" independent in each pixel, and "real" if there are
        frames.
    """
    random = np.random.default_rng(12345)
    codes = random.normal(size=(pairs, CODE_SIZE)).astype("float32")
    glasses = answers(generator, codes)
    sources = {"random": glasses}
    noise = random.uniform(-1, 1, glasses.shape)
    sources["noise"] = noise.astype("float32")
    if frames is not None:
        sources["real"] = levels_to_signed(frames[:pairs])
    return sources


def bare_measure(recognizer, photos, goal, person):
    """The mean of a goal's measure over held-out photos, no glasses on.

    Args:
        recognizer: In float32.
        photos: `agns.attack_run.Photos`.
        goal: `agns.goals.Goal`.
        person: The class.
    """
    name = "vgg" if recognizer.name.startswith("vgg") else "openface"
    faces = to_input(photos.test, recognizer.input_shape[1], INPUTS[name][1])
    return float(goal.measure(answers(recognizer, faces), person).mean())


def describe(found):
    """Mean, least and greatest of what many pairs do."""
    return {
        "mean": float(np.mean(found)),
        "least": float(np.min(found)),
        "greatest": float(np.max(found)),
    }


def measure(wearing, recognizer, sources, photos, plan):
    """Every control of every attack of a plan.

    Args:
        wearing: What `agns.game.build_wearing` makes, in float32.
        recognizer: In float32.
        sources: See `make_sources`.
        photos: Photos by attacker.
        plan: Attacks.

    Returns:
        dict by `Attack.control`: the mean of the goal's measure, `bare` for
        no glasses, and of each source what `describe` gives.
    """
    found = {}
    for attack in plan:
        if attack.control in found:
            continue
        worn = photos[attack.attacker]
        asked = attack.goal, attack.index
        row = {"bare": bare_measure(recognizer, worn, *asked)}
        for name, glasses in sources.items():
            row[name] = describe(mean_measures(wearing, glasses, worn, *asked))
        found[attack.control] = row
    return found
