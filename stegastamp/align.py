"""Finds how a photo must be tilted so that its message can be read.

A stamped photo that was taken from aside, or cropped unevenly, shows the
decoder a stamp that is slightly out of place. The decoder is the surer of its
bits the better the stamp lies, so the corners are moved toward where it is
surest: the cross-entropy method (Rubinstein 1999) over the eight numbers of a
perspective, which asks for values only and takes dozens in one batch.
"""

import numpy as np

from stegastamp.message import confidence

ROUNDS = 8
POPULATION = 48
ELITE = 8
# Share of the sides by which corners are moved at first, and at the least.
SPREAD = 0.02
LEAST_SPREAD = 0.002
# Of each round the surest views are offered as words, of the first ones fewer:
# the bound on false positives grows with every word.
OFFERED = (1,) * (ROUNDS // 2) + (2,) * (ROUNDS // 2)
# Where several searches are made on one photo, the later ones offer less: the
# last rounds read what earlier ones do.
OFFERED_LATER = (0, 1) * (ROUNDS // 2)


def align(read, view, offered=OFFERED, seed=0):
    """Looks for the perspective at which a decoder is surest.

    Args:
        read: callable, list of View -> logits [N, S].
        view: View to start at.
        offered: ints, how many of the surest views of each round are offered
            as words; as many rounds are made.
        seed: int; the same search at each call.

    Yields:
        (logits [S], View), `sum(offered)` in all, so the rate of false
        positives stays bounded.
    """
    generator = np.random.default_rng(seed)
    mean, spread = np.zeros((4, 2)), np.full((4, 2), SPREAD)
    for count in offered:
        noise = generator.standard_normal((POPULATION, 4, 2))
        offsets = mean + spread * noise
        offsets[0] = mean
        views = [view.moved(offset) for offset in offsets]
        logits = read(views)
        order = np.argsort(-confidence(logits))
        for index in order[:count]:
            yield logits[index], views[index]
        elite = offsets[order[:ELITE]]
        mean = 0.2 * mean + 0.8 * elite.mean(axis=0)
        # A little wider than the elite, or the search stops short.
        found = np.maximum(1.3 * elite.std(axis=0), LEAST_SPREAD)
        spread = 0.3 * spread + 0.7 * found
