"""Messages to secret bits and back, with error correction.

The layout is the original's (tancik/StegaStamp `encode_image.py`): UTF-8 text
padded with spaces, a BCH code, then zero bits up to the secret's length; most
significant bit first. For 100 bits: 7 bytes of text, 5 of BCH, 4 zeros.

When is a word a message? The original says "when BCH decodes", which one
random word in 170 does with bchlib 2.1. Here the whole word must agree with
what `encode` would have made of the text, in all but `MAX_CORRECTED` bits, the
zero bits and the padding of the BCH bytes included, and the text must be one
that `encode` takes. So a word is accepted only within Hamming distance 5 of
one of the M secrets that exist, and a uniformly random word of S bits is
accepted with probability at most

    M * V(S, 5) / 2^S,      V(S, t) = sum of C(S, i) for i = 0..t,

which for S = 100 is 1.4e-8: M is 2.2e14 of the 2^56 seven-byte strings
(`MessageCodec.false_positive_rate` counts it). Reading one photo through k
views multiplies it by at most k. A key changes the secrets and not their
number, so the bound is the same; `stegastamp.keyed` has the rest.
"""

import dataclasses
import functools
import math
import sys

import bchlib
import numpy as np

from stegastamp.keyed import make_lock

MAX_CORRECTED = 5
# The shortest polynomial that holds the data: length of the code in bits,
# primitive polynomial. 137 is the original's; 285 is the usual one of GF(256).
_CODES = ((127, 137), (255, 285))
_ECC_BYTES = 5


@dataclasses.dataclass(frozen=True)
class Decoded:
    """A message that was found.

    Attributes:
        message: str.
        corrected_bits: int, received bits that differed from what was sent.
        confidence: float in [0, 1], see `confidence`; 1.0 if hard bits were
            given.
        view: str, how the photo was looked at when it was read.
        keyed: bool, whether it was read with a key.
    """

    message: str
    corrected_bits: int
    confidence: float = 1.0
    view: str = "whole"
    keyed: bool = False


@functools.cache
def _printable_characters():
    """How many printable characters take 1, 2, 3 and 4 bytes in UTF-8."""
    counts = [0, 0, 0, 0]
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if character.isprintable():
            counts[len(character.encode("utf-8")) - 1] += 1
    return counts


def confidence(logits):
    """How sure the network is of each word: mean |tanh(logit / 2)|.

    That is |2p - 1| for a bit of probability p.

    Args:
        logits: [..., S].

    Returns:
        [...] in [0, 1].
    """
    return np.mean(np.abs(np.tanh(np.asarray(logits) / 2)), axis=-1)


class MessageCodec:
    """Turns a short text into `secret_size` bits and back.

    Args:
        secret_size: int, bits of the network's secret, 48..255. The text may
            have (secret_size - 40) // 8 bytes.

    Raises:
        ValueError: if `secret_size` is out of range.
    """

    def __init__(self, secret_size=100):
        if not 48 <= secret_size <= 255:
            raise ValueError(
                "a message needs a secret of 48 to 255 bits. Received: "
                f"secret_size={secret_size}"
            )
        self.secret_size = secret_size
        self.message_bytes = (secret_size - 8 * _ECC_BYTES) // 8
        for length, polynomial in _CODES:
            self._bch = bchlib.BCH(MAX_CORRECTED, prim_poly=polynomial)
            if 8 * self.message_bytes + self._bch.ecc_bits <= length:
                break

    def encode(self, message, key=None):
        """Encodes a text as secret bits.

        Args:
            message: str of printable characters, not empty and not ending in
                a space, at most `message_bytes` long in UTF-8.
            key: str that will be needed to decode it, or None.

        Returns:
            uint8 [secret_size] of 0 and 1.

        Raises:
            ValueError: saying what is wrong with the text or the key.
        """
        if not message:
            raise ValueError("the message is empty")
        try:
            data = message.encode("utf-8")
        except UnicodeEncodeError:
            raise ValueError(
                f"the message {message!r} cannot be encoded as UTF-8"
            ) from None
        if len(data) > self.message_bytes:
            raise ValueError(
                f"the message {message!r} is {len(data)} bytes long in UTF-8; "
                f"at most {self.message_bytes} bytes fit"
            )
        if not message.isprintable():
            raise ValueError(
                f"the message {message!r} has a character that cannot be "
                "printed"
            )
        if message.endswith(" "):
            raise ValueError(
                f"the message {message!r} ends in a space, which is what "
                "short messages are padded with"
            )
        data = data.ljust(self.message_bytes)
        if key is None:
            return self._secret(data)
        lock = self._lock(key)
        return lock.lock(self._secret(lock.encipher(data)))

    def _lock(self, key):
        return make_lock(key, self.secret_size, self.message_bytes)

    def _secret(self, data):
        packet = np.frombuffer(data + self._bch.encode(data), np.uint8)
        bits = np.zeros(self.secret_size, np.uint8)
        packed = np.unpackbits(packet)
        bits[: packed.size] = packed
        return bits

    def decode(self, word, key=None):
        """Decodes a received word, if it carries a message.

        Args:
            word: [secret_size]; bits as integers or booleans (0 and 1), or
                logits as floats (a bit is 1 where its logit is positive).
            key: str that the message was encoded with, or None.

        Returns:
            Decoded, or None if the word is not accepted (see the module's
            docstring for the rule and its false-positive rate).

        Raises:
            ValueError: if the shape is another, or the key is empty.
        """
        word = np.asarray(word)
        if word.shape != (self.secret_size,):
            raise ValueError(
                f"a word has shape ({self.secret_size},). Received: shape="
                f"{word.shape}"
            )
        if np.issubdtype(word.dtype, np.floating):
            bits = (word > 0).astype(np.uint8)
            sure = float(confidence(word))
        else:
            bits = word.astype(np.uint8)
            sure = 1.0
        lock = None if key is None else self._lock(key)
        if lock:
            bits = lock.unlock(bits)
        packet = np.packbits(bits).tobytes()
        data = bytearray(packet[: self.message_bytes])
        check = bytearray(
            packet[self.message_bytes : self.message_bytes + _ECC_BYTES]
        )
        wrong = self._bch.decode(data, check)
        if wrong < 0:
            return None
        # bchlib counts in whole bytes; a place beyond ours would be in the part
        # of the code that is cut away, where nothing was received.
        places = self._bch.errloc[:wrong]
        if any(place >= 8 * len(data + check) for place in places):
            return None
        self._bch.correct(data, check)
        data = bytes(data)
        wrong = int(np.count_nonzero(self._secret(data) != bits))
        if wrong > MAX_CORRECTED:
            return None
        if lock:
            data = lock.decipher(data)
        try:
            message = data.rstrip(b" ").decode("utf-8")
        except UnicodeDecodeError:
            return None
        if not message or not message.isprintable():
            return None
        return Decoded(message, wrong, sure, keyed=lock is not None)

    @functools.cached_property
    def message_count(self):
        """How many different messages there are (M in the rule above)."""
        characters = _printable_characters()
        # Strings of n bytes, by the length of their last character. Padding
        # with spaces makes every shorter message one of the strings of full
        # length; only the one of nothing but spaces is no message.
        strings = [1]
        for size in range(1, self.message_bytes + 1):
            strings.append(
                sum(
                    characters[last - 1] * strings[size - last]
                    for last in range(1, min(4, size) + 1)
                )
            )
        return strings[-1] - 1

    def false_positive_rate(self, views=1):
        """An upper bound on how often a random word is accepted.

        Args:
            views: int, words that are tried, any of which may be accepted.

        Returns:
            float, M * V(secret_size, 5) * views / 2^secret_size.
        """
        ball = sum(
            math.comb(self.secret_size, wrong)
            for wrong in range(MAX_CORRECTED + 1)
        )
        return views * self.message_count * ball / 2**self.secret_size
