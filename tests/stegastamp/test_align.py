"""The search for the perspective at which a decoder is surest."""

from pathlib import Path

import numpy as np
import pytest

import stegastamp
from shared.images import read_photo
from stegastamp.align import (
    OFFERED,
    OFFERED_LATER,
    POPULATION,
    ROUNDS,
    align,
)
from stegastamp.attacks import move_corners
from stegastamp.message import confidence
from stegastamp.views import View

DATA = Path(__file__).parent / "data"
SIGNS = np.where(np.arange(20) % 3 == 0, 1.0, -1.0)


def _reader(target, asked):
    """A decoder whose logits shrink with the corners' distance to `target`."""

    def read(views):
        asked.append(len(views))
        corners = np.array([view.corners for view in views])
        away = np.abs(corners - target).mean(axis=(1, 2))
        return 4 * np.exp(-away / 0.02)[:, None] * SIGNS

    return read


def test_confidence_is_twice_the_probability_less_one():
    logits = np.array([[0.0, 1.5], [-2.0, 30.0]])
    probability = 1 / (1 + np.exp(-np.abs(logits)))
    np.testing.assert_allclose(
        confidence(logits), (2 * probability - 1).mean(axis=1)
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_search_reaches_corners_that_moved_by_3_percent(seed):
    whole = View("whole")
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], (4, 2))
    target = np.array(whole.corners) + 0.03 * signs
    asked = []
    words = list(align(_reader(target, asked), whole))
    assert len(words) == sum(OFFERED) and asked == [POPULATION] * ROUNDS
    start = np.abs(np.array(whole.corners) - target).max()
    end = np.abs(np.array(words[-2][1].corners) - target).max()
    assert end < 0.4 * start
    surest = [confidence(logits) for logits, _ in words]
    assert surest[-1] > 0.9 > surest[0]


def test_a_later_search_looks_as_far_and_offers_less():
    reader = _reader(np.zeros((4, 2)), [])
    every = [view for _, view in align(reader, View("w"))]
    asked = []
    some = [
        view
        for _, view in align(
            _reader(np.zeros((4, 2)), asked), View("w"), OFFERED_LATER
        )
    ]
    assert asked == [POPULATION] * ROUNDS
    # Of each second round, the surest.
    firsts = np.cumsum([0, *OFFERED[:-1]])
    assert some == [every[first] for first in firsts[1::2]]
    assert len(some) == sum(OFFERED_LATER)


def test_the_search_repeats_itself():
    runs = [
        [view for _, view in align(_reader(np.zeros((4, 2)), []), View("w"))]
        for _ in range(2)
    ]
    assert runs[0] == runs[1]


def test_a_tilted_photo_is_read_with_the_shipped_weights():
    encoder, decoder = (
        kind(threads=1) for kind in (stegastamp.Encoder, stegastamp.Decoder)
    )
    photo = read_photo(DATA / "window.jpg").pixels
    stamped, _ = encoder.encode(photo, "tilted")
    found = []
    for seed in range(4):
        seen = move_corners(stamped, 0.03, np.random.default_rng(seed))
        found.append(decoder.decode(seen))
    assert all(result and result.message == "tilted" for result in found)
    assert any(result.view.startswith("aligned") for result in found)
