"""What glasses do that nobody has taught to deceive."""

import numpy as np

from agns.attack_run import mean_probabilities
from agns.models import answers
from agns.networks import CODE_SIZE, INPUTS
from agns.people import to_input


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
        sources["real"] = frames[:pairs].astype(np.float32) / 127.5 - 1.0
    return sources


def bare_probability(recognizer, photos, person):
    """One person's mean probability over held-out photos, no glasses on.

    Args:
        recognizer: In float32.
        photos: `agns.attack_run.Photos`.
        person: The class.
    """
    name = "vgg" if recognizer.name.startswith("vgg") else "openface"
    faces = to_input(photos.test, recognizer.input_shape[1], INPUTS[name][1])
    return float(answers(recognizer, faces)[:, person].mean())


def describe(found):
    """Mean, least and greatest of the mean probabilities of many pairs."""
    return {
        "mean": float(np.mean(found)),
        "least": float(np.min(found)),
        "greatest": float(np.max(found)),
    }


def measure(arena, recognizer, sources, photos, plan):
    """Every control of every (attacker, person) of a plan.

    Args:
        arena: `agns.evaluate_attacks.Arena`.
        recognizer: In float32.
        sources: See `make_sources`.
        photos: Photos by attacker.
        plan: Attacks.

    Returns:
        dict by "ATTACKER as PERSON": mean probability `bare`, and of each
        source what `describe` gives.
    """
    found = {}
    for attack in plan:
        key = f"{attack.attacker} as {attack.person}"
        if key in found:
            continue
        worn, index = photos[attack.attacker], attack.index
        found[key] = {"bare": bare_probability(recognizer, worn, index)}
        for name, glasses in sources.items():
            means = mean_probabilities(arena.wearing, glasses, worn, index)
            found[key][name] = describe(means)
    return found
