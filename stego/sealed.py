"""Messages under a key, each bound to the photo that it was hidden in.

The tiles are split by a public rule: a quarter of them is the reserve, in
which the header will lie, the others are open. In the order of encoding:

1. A fresh random message key orders the open tiles and hides the message in
   them (`stego.words`); what they do not hold goes into the reserve.
2. salt = hash of all pixels outside the reserve, as they now are;
   secret = scrypt(key, salt), which orders the reserve.
3. The first few tiles of the reserve get the header, under the secret. All
   others of the reserve carry on the message, or stay as they are.

| bytes | content of the header |
| --- | --- |
| 0 to 15 | the message key |
| 16 to 19 | bit 31: binary (1) or UTF-8 text (0); then the length, big endian |
| 20 to 35 | tag: BLAKE2b, keyed by the secret, of 0 to 19, of the hash of all |
| | pixels outside the header's tiles, and of the message |

In 16-bit photos the low bytes count everywhere, as no message touches them;
alpha counts nowhere (`stego.tiles.digest`). What follows from all this:

- In another photo the same bits give another salt and another secret, and no
  header is found. If any pixel outside the header's tiles was changed, header
  or tag fail, and with them the message: in the open tiles that cannot be told
  from another key or from no message, in the reserve it can.
- Two messages have nothing in common, be they the same text in the same photo
  under the same key: the message key changes the open tiles, these the salt,
  and the salt the rest.
- A list of guessed keys must be worked through anew for each photo, and the
  salt takes no room.

When is it a message? When the header's word decodes and the 128 bits of
BLAKE2b agree.
"""

import hashlib
import hmac
import secrets

import numpy as np

from shared.keys import normal, stretch
from shared.noise import noise, shuffle
from stego.codec import (
    DamagedMessage,
    Message,
    NoMessage,
    check_length,
    is_utf8,
    pack_head,
    unpack_head,
)
from stego.words import (
    PUBLIC,
    check_bits,
    data_bytes,
    deal,
    lay_out,
    room,
    whiten,
)

KEY_BYTES = 16
TAG_BYTES = 16
HEADER_BYTES = KEY_BYTES + 4 + TAG_BYTES
# Of the tiles; so that a short message and its header lie about as densely in
# either part.
RESERVE_SHARE = 4
_CHANGED = "the photo was changed: its message is damaged"


class SealedCodec:
    """Hides a message under a key in the tiles of one photo, and finds it.

    Photos are given as a canvas, an object with the methods

    - `read(tiles)`: uint8 [n, msg_len], the bits of tiles int [n];
    - `write(tiles, bits)`: changes the photo's tiles so that they carry bits;
    - `digest(without)`: bytes, a hash of the photo without what can change
      when bits are written to the tiles `without`, int [n].

    Args:
        tiles: int, tiles of the photo.
        msg_len: int, bits a tile carries.
        key: str.

    Attributes:
        capacity: int, bytes of the longest message; negative where not even
            the header fits.

    Raises:
        ValueError: for more bits a tile than a word has, or an empty key.
    """

    def __init__(self, tiles, msg_len, key):
        check_bits(msg_len)
        self.msg_len = msg_len
        self._key = normal(key)
        self._header_tiles = 1
        while data_bytes(self._header_tiles * msg_len) < HEADER_BYTES:
            self._header_tiles += 1
        reserved = max(self._header_tiles, tiles // RESERVE_SHARE)
        order = shuffle(PUBLIC, tiles, b"reserve")
        self._reserve, self._open = order[:reserved], order[reserved:]
        left = tiles - self._header_tiles
        self.capacity = room(left, msg_len) if left >= 0 else -HEADER_BYTES

    def _divide_reserve(self, canvas):
        """(secret, tiles of the header, all others of the reserve)."""
        secret = stretch(self._key, canvas.digest(self._reserve))
        order = self._reserve[shuffle(secret, len(self._reserve), b"tiles")]
        return secret, order[: self._header_tiles], order[self._header_tiles :]

    def _tag(self, secret, start, digest, data):
        return hashlib.blake2b(
            start + digest + data,
            digest_size=TAG_BYTES,
            key=noise(secret, 32, b"tag"),
        ).digest()

    def _order_open(self, message_key):
        return self._open[shuffle(message_key, len(self._open), b"tiles")]

    def encode(self, data, is_text, canvas):
        """Writes a message to a photo.

        Args:
            data: bytes, not empty, at most `capacity`.
            is_text: bool, whether they are UTF-8 text.
            canvas: see the class.

        Returns:
            int [n], the tiles that carry it, each once.

        Raises:
            ValueError: saying by how much it is too long, or that it is
                empty.
        """
        check_length(data, self.capacity)
        start = secrets.token_bytes(KEY_BYTES)
        first = self._order_open(start)
        # Which tiles of the reserve follow, the pixels of the open ones
        # decide.
        places = np.arange(len(self._open) + len(self._reserve))
        places = places[: len(places) - self._header_tiles]
        _, bits = lay_out(start, places, self.msg_len, data)
        first = first[: len(bits)]
        canvas.write(first, bits[: len(first)])
        secret, header, others = self._divide_reserve(canvas)
        others = others[: len(bits) - len(first)]
        if len(others):
            canvas.write(others, bits[len(first) :])
        start += pack_head(data, is_text)
        tag = self._tag(secret, start, canvas.digest(header), data)
        canvas.write(*lay_out(secret, header, self.msg_len, start + tag))
        return np.concatenate([first, others, header])

    def decode(self, canvas):
        """Finds the message of a photo.

        Args:
            canvas: see the class; nothing is written to it.

        Returns:
            Message, bound to the photo.

        Raises:
            NoMessage: if there is none, or it needs another key, or the photo
                was changed.
            DamagedMessage: if there is one, and the photo was changed.
        """
        if self.capacity < 1:
            raise NoMessage("no message found")
        secret, header, others = self._divide_reserve(canvas)
        word = next(deal(secret, header, self.msg_len))
        found = word.decode(canvas.read(header))
        if not found:
            raise NoMessage("no message found")
        top, corrected = whiten(secret, found[0]), found[1]
        start, tag = top[: KEY_BYTES + 4], top[KEY_BYTES + 4 : HEADER_BYTES]
        length, is_text = unpack_head(start[KEY_BYTES:])
        if not 1 <= length <= self.capacity:
            raise NoMessage("no message found")
        message_key, stream = start[:KEY_BYTES], b""
        tiles = np.concatenate([self._order_open(message_key), others])
        words = deal(message_key, tiles, self.msg_len)
        while len(stream) < length:
            word = next(words)
            found = word.decode(canvas.read(word.tiles))
            if not found:
                raise DamagedMessage(_CHANGED)
            stream += found[0]
            corrected += found[1]
        data = whiten(message_key, stream)[:length]
        expected = self._tag(secret, start, canvas.digest(header), data)
        if not hmac.compare_digest(tag, expected):
            raise DamagedMessage(_CHANGED)
        is_text = is_text and is_utf8(data)
        return Message(data, is_text, corrected, bound=True)
