"""Keyed messages, on drawn bits in place of photos: bound, fresh, exact."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stego.codec import Codec, DamagedMessage, NoMessage, is_utf8
from stego.sealed import HEADER_BYTES, SealedCodec
from stego.words import data_bytes, room

KEY = "Schlüssel"


class Bits:
    """A canvas without a photo: a tile is its bits."""

    def __init__(self, tiles, msg_len, seed=0):
        random = np.random.default_rng(seed)
        self.bits = random.integers(0, 2, (tiles, msg_len), dtype=np.uint8)

    def read(self, tiles):
        return self.bits[tiles]

    def write(self, tiles, bits):
        assert len(set(tiles.tolist())) == len(tiles) == len(bits)
        self.bits[tiles] = bits

    def digest(self, without):
        kept = np.delete(self.bits, without, axis=0)
        return hashlib.sha256(b"%d" % len(self.bits) + kept.tobytes()).digest()


def hide(codec, data=b"Meet at nine.", tiles=60, seed=0):
    """(canvas with the message, tiles that carry it)."""
    canvas = Bits(tiles, codec.msg_len, seed)
    return canvas, codec.encode(data, True, canvas)


@settings(max_examples=60, deadline=None)
@given(
    tiles=st.integers(0, 80),
    msg_len=st.sampled_from([8, 25, 100, 128, 350, 1016]),
    is_text=st.booleans(),
    data=st.data(),
)
def test_any_message_that_fits_comes_back(tiles, msg_len, is_text, data):
    codec = SealedCodec(tiles, msg_len, KEY)
    canvas = Bits(tiles, msg_len)
    if codec.capacity < 1:
        with pytest.raises(ValueError, match="0 that fit"):
            codec.encode(b"x", True, canvas)
        with pytest.raises(NoMessage):
            codec.decode(canvas)
        return
    message = data.draw(st.binary(min_size=1, max_size=codec.capacity))
    used = codec.encode(message, is_text, canvas)
    assert len(set(used.tolist())) == len(used) <= tiles
    found = codec.decode(canvas)
    is_text = is_text and is_utf8(message)
    assert (found.data, found.is_text) == (message, is_text)
    assert found.bound and found.corrected_bits == 0


def test_the_last_byte_fits_and_the_next_does_not():
    codec = SealedCodec(60, 100, KEY)
    message = b"y" * codec.capacity
    canvas, used = hide(codec, message)
    assert len(used) == 60
    assert codec.decode(canvas).data == message
    with pytest.raises(ValueError, match="3 more than"):
        codec.encode(message + b"abc", True, canvas)


def test_a_key_costs_the_tiles_of_a_header():
    # Four tiles of 100 bits hold 36 bytes and their check bits, three do not.
    assert data_bytes(300) < HEADER_BYTES <= data_bytes(400)
    for tiles in (10, 40, 41, 500):
        codec = SealedCodec(tiles, 100, KEY)
        assert codec.capacity == room(tiles - 4, 100)
    assert SealedCodec(4, 100, KEY).capacity == 0
    assert SealedCodec(3, 100, KEY).capacity == -HEADER_BYTES


def test_a_short_message_needs_few_tiles():
    _, used = hide(SealedCodec(500, 100, KEY), b"short", 500)
    assert len(used) == 10 + 4


def test_every_single_change_outside_the_header_is_noticed():
    codec = SealedCodec(40, 100, KEY)
    canvas, used = hide(codec, b"a text" * 30, 40)
    header = set(used[-4:].tolist())
    outcomes = set()
    for tile in range(40):
        canvas.bits[tile, 7] ^= 1
        if tile in header:
            # Errors there are mended: this is where another processor's
            # rounding may turn a bit.
            assert codec.decode(canvas).corrected_bits <= 1
        else:
            with pytest.raises((NoMessage, DamagedMessage)) as caught:
                codec.decode(canvas)
            outcomes.add(caught.type)
        canvas.bits[tile, 7] ^= 1
    assert outcomes == {NoMessage, DamagedMessage}
    assert codec.decode(canvas).text == "a text" * 30


@pytest.mark.parametrize("length", [5, 150, "full"])
def test_bits_carried_to_another_photo_prove_nothing(length):
    codec = SealedCodec(60, 100, KEY)
    length = codec.capacity if length == "full" else length
    canvas, used = hide(codec, b"m" * length)

    class Other(Bits):
        """Another photo with the same bits in every tile, or in those used."""

        def digest(self, without):
            return hashlib.sha256(b"other" + super().digest(without)).digest()

    other = Other(60, 100, seed=1)
    other.write(used, canvas.read(used))
    with pytest.raises(NoMessage):
        codec.decode(other)
    other.bits[:] = canvas.bits
    with pytest.raises(NoMessage):
        codec.decode(other)


def test_equal_messages_share_neither_tiles_nor_bits():
    codec = SealedCodec(400, 100, KEY)
    seen = [hide(codec, b"the same", 400) for _ in range(30)]
    # 10 tiles of 300 and 4 of 100, drawn anew each time: .33 + .16 are common
    # to two messages by chance, 15 * .49 = 7.4 to 15 pairs.
    pairs = list(zip(seen[::2], seen[1::2], strict=True))
    common = [set(a.tolist()) & set(b.tolist()) for (_, a), (_, b) in pairs]
    assert sum(map(len, common)) < 25
    assert len({tuple(used.tolist()) for _, used in seen}) == 30
    # In the order of the words, too, their bits are as good as coins: 1,400
    # of them, 700 +- 19 equal.
    for (a, used_a), (b, used_b) in pairs:
        equal = a.bits[used_a] == b.bits[used_b]
        assert 580 < equal.sum() < 820


def test_the_same_text_in_another_photo_lies_elsewhere():
    codec = SealedCodec(400, 100, KEY)
    headers = {
        tuple(sorted(hide(codec, seed=seed, tiles=400)[1][-4:].tolist()))
        for seed in range(20)
    }
    assert len(headers) == 20


def test_few_wrong_bits_are_mended():
    # As they may be read on another processor; the pixels are the same.
    codec = SealedCodec(60, 100, KEY)
    canvas, used = hide(codec, b"0123456789" * 20)

    class Rounding(Bits):
        def read(self, tiles):
            bits = canvas.bits[tiles]
            bits[:, 50] ^= 1
            return bits

        def digest(self, without):
            return canvas.digest(without)

    found = codec.decode(Rounding(60, 100))
    assert found.data == b"0123456789" * 20
    # A bit of each tile that was read, but for a few that carry no data.
    assert len(used) - 10 < found.corrected_bits <= len(used)


@pytest.mark.parametrize("other", ["other", KEY + " ", KEY.lower()])
def test_a_wrong_key_finds_nothing(other):
    canvas, _ = hide(SealedCodec(60, 100, KEY))
    with pytest.raises(NoMessage):
        SealedCodec(60, 100, other).decode(canvas)
    for key in (None, KEY):
        with pytest.raises(NoMessage):
            Codec(60, 100, key).decode(canvas.read)


def test_composed_and_decomposed_letters_are_one_key():
    canvas, _ = hide(SealedCodec(60, 100, "Schlu\u0308ssel"))
    assert SealedCodec(60, 100, "Schl\u00fcssel").decode(canvas).bound


def test_noise_is_no_message():
    codec = SealedCodec(40, 100, KEY)
    for seed in range(20):
        with pytest.raises(NoMessage):
            codec.decode(Bits(40, 100, seed))


def test_an_earlier_version_s_message_is_none_of_this_kind():
    canvas = Bits(40, 100)
    canvas.write(*Codec(40, 100, KEY).encode(b"of old", True))
    with pytest.raises(NoMessage):
        SealedCodec(40, 100, KEY).decode(canvas)
    assert not Codec(40, 100, KEY).decode(canvas.read).bound


@pytest.mark.parametrize("key", ["", "\udcff", b"bytes"])
def test_what_is_no_key_is_refused(key):
    with pytest.raises(ValueError, match="key"):
        SealedCodec(40, 100, key)


def test_an_empty_message_is_refused():
    with pytest.raises(ValueError, match="empty"):
        hide(SealedCodec(60, 100, KEY), b"")


@pytest.mark.parametrize("bits", [0, 1017])
def test_a_tile_of_no_bits_is_refused(bits):
    with pytest.raises(ValueError, match="1 to 1016"):
        SealedCodec(4, bits, KEY)
