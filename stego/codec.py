"""Bytes to the tiles' bits and back: order, error correction, authentication.

The tiles of a photo are taken in an order that depends on the key and dealt
to groups of about a thousand bits. Each group is one BCH word whose bits are
scattered over its tiles, again by the key. The words' data is one stream:

| bytes | content |
| --- | --- |
| 0 to 3 | bit 31: binary (1) or UTF-8 text (0); then the length, big endian |
| 4 to 11 | BLAKE2b of the four bytes before and the message, by the key |
| 12 to | the message, then zeros up to the end of the last group used |

XORed with a fixed stream, so that no message draws a pattern. Only groups that
the message needs are used. Without a key all of it is public.

When is it a message? When the first group decodes, and the 64 bits of BLAKE2b
agree: random bits do so once in 2^64 times, a damaged message never turns into
another one, and the wrong key finds nothing.
"""

import dataclasses
import functools
import hashlib
import math

import bchlib
import numpy as np

HEADER_BYTES = 12
# BCH over GF(2^10): words of up to 1023 bits, ten check bits for each bit
# that can be mended.
_FIELD = 10
_WORD_BITS = 1016
# Encoding leaves tiles without a wrong bit wherever it can; this is for the
# others, and for processors that round differently.
_MENDED_SHARE = 0.016
_LEAST_MENDED = 3
_BINARY = 1 << 31


class NoMessage(ValueError):
    """There is no message, or not for this key."""


class DamagedMessage(ValueError):
    """There was a message, and parts of it are lost."""


@dataclasses.dataclass(frozen=True)
class Message:
    """What was found.

    Attributes:
        data: bytes, exactly as they were hidden.
        is_text: bool, whether they were hidden as UTF-8 text.
        corrected_bits: int, wrong bits that were mended.
    """

    data: bytes
    is_text: bool
    corrected_bits: int = 0

    @property
    def text(self):
        """The message as str; bytes that are no UTF-8 raise ValueError."""
        return self.data.decode("utf-8")


@functools.cache
def _secret(key):
    """The key's 32 bytes; slow on purpose, against guessing."""
    if key is None:
        return bytes(32)
    return hashlib.scrypt(
        key.encode("utf-8"), salt=b"stego", n=2**14, r=8, p=1, dklen=32
    )


@functools.cache
def _bch(mended):
    return bchlib.BCH(mended, m=_FIELD)


@dataclasses.dataclass(frozen=True)
class _Group:
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
        word = np.packbits(bits[self.places])
        data = bytearray(word[: self.data_bytes].tobytes())
        check = bytearray(word[self.data_bytes :].tobytes())
        bch = _bch(self.mended)
        errors = bch.decode(data, check)
        if errors < 0:
            return None
        bch.correct(data, check)
        return bytes(data), errors


class Codec:
    """Lays a message out over the tiles of one photo.

    Args:
        tiles: int, tiles of the photo.
        msg_len: int, bits a tile carries.
        key: str, or None: anybody can read.

    Attributes:
        capacity: int, bytes of the longest message; negative where not even
            the header fits.

    Raises:
        ValueError: for more bits a tile than a word has.
    """

    def __init__(self, tiles, msg_len, key=None):
        if not 1 <= msg_len <= _WORD_BITS:
            raise ValueError(
                f"a tile carries 1 to {_WORD_BITS} bits. Received: "
                f"msg_len={msg_len}"
            )
        self.msg_len = msg_len
        self._secret = _secret(key)
        order = self._shuffle(tiles, b"tiles")
        size = _WORD_BITS // msg_len
        groups = (
            self._group(order[start : start + size], start)
            for start in range(0, tiles, size)
        )
        self._groups = [group for group in groups if group]
        room = sum(group.data_bytes for group in self._groups)
        self.capacity = room - HEADER_BYTES

    def _stream(self, count, label):
        # SHAKE is the same everywhere and always, unlike a library's
        # random numbers.
        return hashlib.shake_256(self._secret + label).digest(count)

    def _shuffle(self, count, label):
        draws = np.frombuffer(self._stream(8 * count, label), ">u8")
        return np.argsort(draws, kind="stable")

    def _group(self, tiles, start):
        bits = len(tiles) * self.msg_len
        mended = max(_LEAST_MENDED, math.ceil(_MENDED_SHARE * bits))
        word_bytes = bits // 8
        data_bytes = word_bytes - _bch(mended).ecc_bytes
        if data_bytes < 1:
            return None
        places = self._shuffle(bits, b"bits %d" % start)[: 8 * word_bytes]
        return _Group(tiles, places, data_bytes, mended)

    def _tag(self, head, data):
        return hashlib.blake2b(
            head + data, digest_size=HEADER_BYTES - 4, key=self._secret
        ).digest()

    def _whiten(self, data):
        noise = self._stream(len(data), b"whiten")
        return (
            np.frombuffer(data, np.uint8) ^ np.frombuffer(noise, np.uint8)
        ).tobytes()

    def encode(self, data, is_text):
        """Lays a message out.

        Args:
            data: bytes, not empty, at most `capacity`.
            is_text: bool, whether they are UTF-8 text.

        Returns:
            (tiles, bits): int [n], the tiles that carry it, each once;
            uint8 [n, msg_len] of 0 and 1.

        Raises:
            ValueError: saying by how much it is too long, or that it is
                empty.
        """
        if not data:
            raise ValueError("the message is empty")
        if len(data) > self.capacity:
            raise ValueError(
                f"the message has {len(data)} bytes, "
                f"{len(data) - max(self.capacity, 0)} more than the "
                f"{max(self.capacity, 0)} that fit"
            )
        head = (len(data) | (0 if is_text else _BINARY)).to_bytes(4, "big")
        stream = head + self._tag(head, data) + data
        room, used = 0, []
        for group in self._groups:
            used.append(group)
            room += group.data_bytes
            if room >= len(stream):
                break
        stream = self._whiten(stream + bytes(room - len(stream)))
        rows, start = [], 0
        for group in used:
            # Bits beyond the last whole byte are noise like all others.
            bits = np.frombuffer(
                self._stream(len(group.tiles) * self.msg_len, b"rest"), np.uint8
            )
            bits = bits & 1
            group.encode(stream[start : start + group.data_bytes], bits)
            start += group.data_bytes
            rows.append(bits.reshape(-1, self.msg_len))
        return np.concatenate([g.tiles for g in used]), np.concatenate(rows)

    def decode(self, read):
        """Finds the message.

        Args:
            read: function of tiles, int [n], returning the bits read from
                them, uint8 [n, msg_len]; called until the message is whole.

        Returns:
            Message.

        Raises:
            NoMessage: if there is none, or it needs another key.
            DamagedMessage: if there is one that cannot be mended.
        """
        if self.capacity < 1:
            raise NoMessage("no message found")
        stream, corrected, groups = b"", 0, iter(self._groups)
        length = None
        while length is None or len(stream) < HEADER_BYTES + length:
            group = next(groups, None)
            found = group and group.decode(read(group.tiles).reshape(-1))
            if not found:
                if stream:
                    raise DamagedMessage("the message is damaged")
                raise NoMessage("no message found")
            stream += found[0]
            corrected += found[1]
            if length is None and len(stream) >= 4:
                head = self._whiten(stream[:4])
                length = int.from_bytes(head, "big") & (_BINARY - 1)
                if not 1 <= length <= self.capacity:
                    raise NoMessage("no message found")
        stream = self._whiten(stream)
        data = stream[HEADER_BYTES : HEADER_BYTES + length]
        if self._tag(head, data) != stream[4:HEADER_BYTES]:
            raise DamagedMessage("the message is damaged")
        is_text = not int.from_bytes(head, "big") & _BINARY
        return Message(data, is_text, corrected)
