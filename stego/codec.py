"""Messages without a key: bytes to the tiles' bits and back.

The tiles of a photo are taken in a fixed order and dealt to BCH words
(`stego.words`). The words' data is one stream:

| bytes | content |
| --- | --- |
| 0 to 3 | bit 31: binary (1) or UTF-8 text (0); then the length, big endian |
| 4 to 11 | BLAKE2b of the four bytes before and the message |
| 12 to | the message, then zeros up to the end of the last word used |

Only words that the message needs are used. All of it is public.

When is it a message? When the first word decodes, and the 64 bits of BLAKE2b
agree: random bits do so once in 2^64 times, and a damaged message never turns
into another one.

Earlier versions hid messages under a key in the same way: the key, by scrypt
with a salt that never changed, decided order, places and noise, and keyed the
hash. Such messages are still read. Their bits depend on the key, the number of
tiles and the message alone, so that they prove nothing about the photo they
are found in. New ones are of another kind: `stego.sealed`.
"""

import dataclasses
import hashlib
import hmac

from shared.keys import stretch
from shared.noise import shuffle
from stego.words import PUBLIC, check_bits, deal, lay_out, room, whiten

HEADER_BYTES = 12
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
        is_text: bool, whether they were hidden as text and are UTF-8.
        corrected_bits: int, wrong bits that were mended.
        bound: bool, whether a key proves that it was hidden in this photo,
            and that no pixel changed since (`stego.sealed`).
    """

    data: bytes
    is_text: bool
    corrected_bits: int = 0
    bound: bool = False

    @property
    def text(self):
        """The message as str; bytes that are no UTF-8 raise ValueError."""
        return self.data.decode("utf-8")


def is_utf8(data):
    """Whether bytes are UTF-8 text."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def check_length(data, capacity):
    """Refuses a message that is empty or longer than what fits.

    Raises:
        ValueError: saying by how much it is too long, or that it is empty.
    """
    if not data:
        raise ValueError("the message is empty")
    capacity = max(capacity, 0)
    if len(data) > capacity:
        raise ValueError(
            f"the message has {len(data)} bytes, {len(data) - capacity} more "
            f"than the {capacity} that fit"
        )


def pack_head(data, is_text):
    """What a message is, in four bytes: bit 31 for binary, then its length."""
    return (len(data) | (0 if is_text else _BINARY)).to_bytes(4, "big")


def unpack_head(head):
    """(length, is_text) from what `pack_head` made."""
    head = int.from_bytes(head, "big")
    return head & (_BINARY - 1), not head & _BINARY


class Codec:
    """Lays a message out over the tiles of one photo.

    Args:
        tiles: int, tiles of the photo.
        msg_len: int, bits a tile carries.
        key: str as it is spelled, for a message of an earlier version; None
            for one that anybody can read.

    Attributes:
        capacity: int, bytes of the longest message; negative where not even
            the header fits.

    Raises:
        ValueError: for more bits a tile than a word has.
    """

    def __init__(self, tiles, msg_len, key=None):
        check_bits(msg_len)
        self.msg_len = msg_len
        self._secret = PUBLIC if key is None else stretch(key, b"stego")
        self._order = shuffle(self._secret, tiles, b"tiles")
        self.capacity = room(tiles, msg_len) - HEADER_BYTES

    def _tag(self, head, data):
        return hashlib.blake2b(
            head + data, digest_size=HEADER_BYTES - 4, key=self._secret
        ).digest()

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
        check_length(data, self.capacity)
        head = pack_head(data, is_text)
        stream = head + self._tag(head, data) + data
        return lay_out(self._secret, self._order, self.msg_len, stream)

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
        words = deal(self._secret, self._order, self.msg_len)
        stream, corrected, length = b"", 0, None
        while length is None or len(stream) < HEADER_BYTES + length:
            word = next(words, None)
            found = word and word.decode(read(word.tiles))
            if not found:
                if stream:
                    raise DamagedMessage("the message is damaged")
                raise NoMessage("no message found")
            stream += found[0]
            corrected += found[1]
            if length is None and len(stream) >= 4:
                head = whiten(self._secret, stream[:4])
                length, is_text = unpack_head(head)
                if not 1 <= length <= self.capacity:
                    raise NoMessage("no message found")
        stream = whiten(self._secret, stream)
        data = stream[HEADER_BYTES : HEADER_BYTES + length]
        tag = self._tag(head, data)
        if not hmac.compare_digest(tag, stream[4:HEADER_BYTES]):
            raise DamagedMessage("the message is damaged")
        # The sender's word for it, which anybody can write.
        return Message(data, is_text and is_utf8(data), corrected)
