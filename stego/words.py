"""Words of an error-correcting code, scattered over tiles by a secret.

A word is BCH over about a thousand bits. Its data is XORed with noise, so
that no message draws a pattern, and its bits are scattered over the tiles it
lies in. Who has the secret knows the noise and the places.
"""

import dataclasses
import functools
import math

import bchlib
import numpy as np

from shared.noise import noise, shuffle

# The secret of what everybody may read.
PUBLIC = bytes(32)
# BCH over GF(2^10): words of up to 1023 bits, ten check bits for each bit
# that can be mended.
_FIELD = 10
_WORD_BITS = 1016
# Encoding leaves tiles without a wrong bit wherever it can; this is for the
# others, and for processors that round differently.
_MENDED_SHARE = 0.016
_LEAST_MENDED = 3


def whiten(secret, data):
    """XORs bytes with noise; done twice, they are what they were."""
    mask = np.frombuffer(noise(secret, len(data), b"whiten"), np.uint8)
    return (np.frombuffer(data, np.uint8) ^ mask).tobytes()


def check_bits(msg_len):
    """Refuses tiles that no word can be made of.

    Raises:
        ValueError: for no bits a tile, or more than a word has.
    """
    if not 1 <= msg_len <= _WORD_BITS:
        raise ValueError(
            f"a tile carries 1 to {_WORD_BITS} bits. Received: "
            f"msg_len={msg_len}"
        )


@functools.cache
def _bch(mended):
    return bchlib.BCH(mended, m=_FIELD)


def _mended(bits):
    return max(_LEAST_MENDED, math.ceil(_MENDED_SHARE * bits))


def data_bytes(bits):
    """Bytes of data in a word of at most 1016 bits; 0 if it is too short."""
    return max(0, bits // 8 - _bch(_mended(bits)).ecc_bytes)


def room(tiles, msg_len):
    """Bytes of data in all words of so many tiles."""
    words, left = divmod(tiles, _WORD_BITS // msg_len)
    full = data_bytes(_WORD_BITS // msg_len * msg_len)
    return words * full + data_bytes(left * msg_len)


@dataclasses.dataclass(frozen=True)
class Word:
    """One BCH word and where its bits are.

    Attributes:
        tiles: int [n], the tiles it lies in.
        places: int [8 * word_bytes], positions of its bits among the tiles'.
        data_bytes, mended: int, what it holds, and the errors it survives.
    """

    tiles: np.ndarray
    places: np.ndarray
    data_bytes: int
    mended: int

    def encode(self, data, bits):
        """Writes `data_bytes` bytes into `bits`, uint8 [n * msg_len]."""
        word = data + bytes(_bch(self.mended).encode(data))
        bits[self.places] = np.unpackbits(np.frombuffer(word, np.uint8))

    def decode(self, bits):
        """(data, corrected bits), or None where too many are wrong."""
        word = np.packbits(bits.reshape(-1)[self.places])
        data = bytearray(word[: self.data_bytes].tobytes())
        check = bytearray(word[self.data_bytes :].tobytes())
        bch = _bch(self.mended)
        errors = bch.decode(data, check)
        if errors < 0:
            return None
        bch.correct(data, check)
        return bytes(data), errors


def deal(secret, tiles, msg_len):
    """Deals tiles to words, one after the other.

    Args:
        secret: bytes.
        tiles: int [n], each once.
        msg_len: int, bits a tile carries; see `check_bits`.

    Yields:
        Word; together they hold `room(n, msg_len)` bytes.
    """
    size = _WORD_BITS // msg_len
    for start in range(0, len(tiles), size):
        taken = tiles[start : start + size]
        bits = len(taken) * msg_len
        if data_bytes(bits):
            places = shuffle(secret, bits, b"bits %d" % start)
            places = places[: bits // 8 * 8]
            yield Word(taken, places, data_bytes(bits), _mended(bits))


def lay_out(secret, tiles, msg_len, data):
    """Writes bytes into as many words as they need.

    Args:
        secret, tiles, msg_len: see `deal`.
        data: bytes, no more than there is room for; zeros fill the last word.

    Returns:
        (tiles, bits): int [n], the first of `tiles`; uint8 [n, msg_len] of 0
        and 1.
    """
    words, held = [], 0
    for word in deal(secret, tiles, msg_len):
        words.append(word)
        held += word.data_bytes
        if held >= len(data):
            break
    data = whiten(secret, data.ljust(held, b"\0"))
    rows = []
    for word in words:
        # Bits beyond the last whole byte are noise like all others.
        bits = noise(secret, len(word.tiles) * msg_len, b"rest")
        bits = np.frombuffer(bits, np.uint8) & 1
        word.encode(data[: word.data_bytes], bits)
        data = data[word.data_bytes :]
        rows.append(bits.reshape(-1, msg_len))
    return np.concatenate([word.tiles for word in words]), np.concatenate(rows)
