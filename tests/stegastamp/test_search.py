"""Looking more never finds less, and what looking costs."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stegastamp
from shared.images import read_photo
from stegastamp import api, attacks, everyday
from stegastamp.align import POPULATION, ROUNDS
from stegastamp.message import MessageCodec
from tests.stegastamp.linear_model import write_linear_model

DATA = Path(__file__).parent / "data"
SETTINGS = [
    (views, rotations)
    for views in ("fast", "thorough")
    for rotations in (False, True)
]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    # Of the fewest bits that hold a text, so that searches are quick.
    return write_linear_model(tmp_path_factory.mktemp("model"), 32, 32, 64)


@pytest.fixture(scope="module")
def decoder(model):
    return stegastamp.Decoder(model, threads=1)


@pytest.fixture(scope="module")
def stamped(model):
    photo = read_photo(DATA / "window.jpg").pixels[:160, :240]
    encoder = stegastamp.Encoder(model, threads=1)
    return encoder.encode(photo, "abc", 1.5, check=False)[0]


def _damage(photo, seed, strength, turns, mirrored):
    """A photo seen from aside, cropped or framed, turned, mirrored."""
    rng = np.random.default_rng(seed)
    seen = attacks.move_corners(photo, 0.05 * strength * rng.random(), rng)
    margin = strength * rng.uniform(-0.15, 0.2)
    if margin > 0:
        seen = attacks.crop_margins(seen, margin)
    else:
        seen = everyday.frame(seen, -margin, -margin, 255)
    seen = everyday.turn(seen, turns)
    return attacks.flip(seen) if mirrored else seen


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.floats(0, 1),
    st.integers(0, 3),
    st.booleans(),
)
def test_a_wider_setting_finds_what_a_narrower_one_finds(
    decoder, stamped, seed, strength, turns, mirrored
):
    seen = _damage(stamped, seed, strength, turns, mirrored)
    found = {setting: decoder.decode(seen, *setting) for setting in SETTINGS}
    narrow, wide = found["fast", False], found["thorough", True]
    for setting in (("thorough", False), ("fast", True), ("thorough", True)):
        if narrow:
            assert found[setting] == narrow
    for setting in (("thorough", False), ("fast", True)):
        if found[setting]:
            assert wide.message == found[setting].message


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_wider_setting_tries_the_words_of_the_narrower_ones(
    decoder, stamped, setting
):
    seen = attacks.crop_margins(stamped, 0.2)

    def words(setting):
        tried = decoder._words(seen, *setting, api.Timings())
        return [(view, tuple(logits.round(3))) for logits, view in tried]

    narrow, wide = words(setting), words(("thorough", True))
    assert wide[: len(words(("fast", False)))] == words(("fast", False))
    assert set(narrow) <= set(wide)
    assert len(wide) == len(set(wide)) == api.words_tried("thorough", True)


class _Counted:
    """A decoder that notes how many pictures each call shows its network."""

    def __init__(self, decoder, monkeypatch):
        self.calls, run = [], decoder._network.run
        monkeypatch.setattr(
            decoder._network,
            "run",
            lambda image: self.calls.append(len(image)) or run(image=image),
        )


def test_what_an_unmarked_photo_costs(decoder, photo, monkeypatch):
    counted = _Counted(decoder, monkeypatch)
    assert decoder.decode(photo) is None
    search = [POPULATION] * ROUNDS
    assert counted.calls == [1, 12, *search]
    counted.calls.clear()
    assert decoder.decode(photo, "thorough", True) is None
    assert counted.calls == [1, 12, *search, 18, *search, 21, *search]


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_words_tried_keep_the_bound(decoder, photo, monkeypatch, setting):
    words, judge = [], decoder.codec.decode
    monkeypatch.setattr(
        decoder.codec,
        "decode",
        lambda word, key: words.append(word) or judge(word, key),
    )
    assert decoder.decode(photo, *setting) is None
    assert api.words_tried(*setting) == len(words)
    assert MessageCodec(100).false_positive_rate(len(words)) < 1e-6
