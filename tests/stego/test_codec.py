"""Messages come back exactly, survive a few wrong bits, or are refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stego.codec import (
    HEADER_BYTES,
    Codec,
    DamagedMessage,
    NoMessage,
    is_utf8,
)

# Where and how `Zeit` lies under the key `key`.
LAYOUT_TILES = [4, 1, 6, 5, 0, 2, 3, 7]
LAYOUT_BYTES = [67, 130, 35, 132, 136, 242]


def noise(tiles, msg_len, seed=0):
    """What is read from tiles without a message."""
    random = np.random.default_rng(seed)
    return random.integers(0, 2, (tiles, msg_len), dtype=np.uint8)


def write(codec, tiles, data, is_text=True):
    """All tiles' bits, with a message in those that carry it."""
    read = noise(tiles, codec.msg_len)
    indices, bits = codec.encode(data, is_text)
    assert len(set(indices.tolist())) == len(indices)
    read[indices] = bits
    return read, indices


@settings(max_examples=60, deadline=None)
@given(
    tiles=st.integers(2, 60),
    msg_len=st.sampled_from([25, 100, 128, 250, 1016]),
    key=st.sampled_from([None, "", "Schlüssel", "a key"]),
    is_text=st.booleans(),
    data=st.data(),
)
def test_any_message_that_fits_comes_back(tiles, msg_len, key, is_text, data):
    codec = Codec(tiles, msg_len, key)
    if codec.capacity < 1:
        with pytest.raises(ValueError, match="0 that fit"):
            codec.encode(b"x", True)
        return
    message = data.draw(st.binary(min_size=1, max_size=min(codec.capacity, 99)))
    read, _ = write(codec, tiles, message, is_text)
    found = codec.decode(lambda indices: read[indices])
    assert found.data == message
    assert found.is_text == (is_text and is_utf8(message))
    assert found.corrected_bits == 0


def test_the_last_byte_fits_and_the_next_does_not():
    codec = Codec(40, 100)
    message = b"y" * codec.capacity
    read, indices = write(codec, 40, message)
    assert len(indices) == 40
    assert codec.decode(lambda i: read[i]).data == message
    with pytest.raises(ValueError, match="3 more than"):
        codec.encode(message + b"abc", True)


def test_capacity_grows_with_the_area():
    capacities = [Codec(tiles, 100).capacity for tiles in range(0, 200, 10)]
    assert capacities == sorted(capacities)
    assert capacities[10] > 9 * capacities[1]
    assert capacities[0] == -HEADER_BYTES


def test_a_short_message_needs_few_tiles():
    indices, _ = Codec(500, 100).encode(b"short", True)
    assert len(indices) == 10


@pytest.mark.parametrize("share", [0.002, 0.008])
def test_scattered_errors_are_mended(share):
    codec = Codec(60, 100, "k")
    message = bytes(range(256)) * 2
    read, _ = write(codec, 60, message, False)
    wrong = np.random.default_rng(3).random(read.shape) < share
    found = codec.decode(lambda i: (read ^ wrong)[i])
    assert found.data == message
    assert found.corrected_bits > 0


def test_an_empty_message_is_refused():
    with pytest.raises(ValueError, match="empty"):
        Codec(40, 100).encode(b"", True)


def test_noise_is_no_message():
    for seed in range(200):
        read = noise(40, 100, seed)
        with pytest.raises(NoMessage):
            Codec(40, 100).decode(lambda i, read=read: read[i])


@pytest.mark.parametrize("wrong", [None, "other", "secret "])
def test_a_wrong_key_finds_nothing(wrong):
    read, _ = write(Codec(40, 100, "secret"), 40, b"for your eyes")
    with pytest.raises(NoMessage):
        Codec(40, 100, wrong).decode(lambda i: read[i])


def test_a_key_where_there_is_none_finds_nothing():
    read, _ = write(Codec(40, 100), 40, b"for all eyes")
    with pytest.raises(NoMessage):
        Codec(40, 100, "secret").decode(lambda i: read[i])


def test_damage_is_told_and_never_becomes_another_text():
    message = b"Attack at dawn! " * 20
    codec = Codec(60, 100)
    read, indices = write(codec, 60, message)
    outcomes = set()
    random = np.random.default_rng(5)
    for share in np.linspace(0.01, 0.5, 60):
        wrong = random.random(read.shape) < share
        try:
            found = codec.decode(lambda i, wrong=wrong: (read ^ wrong)[i])
            assert found.data == message
        except (DamagedMessage, NoMessage) as error:
            outcomes.add(type(error))
    assert NoMessage in outcomes
    # Only the last group is lost.
    read[indices[-1]] ^= 1
    with pytest.raises(DamagedMessage, match="damaged"):
        codec.decode(lambda i: read[i])


def test_a_forged_message_fails_authentication():
    # A message's own words, decoded as another message's tail: BCH is happy,
    # the tag is not.
    codec = Codec(60, 100)
    first, order = write(codec, 60, b"a" * 300)
    second, _ = write(codec, 60, b"b" * 300)
    mixed = first.copy()
    mixed[order[20:]] = second[order[20:]]
    with pytest.raises(DamagedMessage):
        codec.decode(lambda i: mixed[i])


def test_the_layout_never_changes():
    # A message that was hidden once must be found by every later version.
    indices, bits = Codec(8, 100, "key").encode(b"Zeit", True)
    assert indices.tolist() == LAYOUT_TILES
    assert np.packbits(bits[0])[:6].tolist() == LAYOUT_BYTES


def test_a_tile_of_no_bits_is_refused():
    for msg_len in (0, 1017):
        with pytest.raises(ValueError, match="1 to 1016"):
            Codec(4, msg_len)
