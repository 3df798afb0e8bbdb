"""What a key does to a secret, so that nobody without it writes one.

A secret is a message's bytes, their BCH check and zeros (`stegastamp.message`).
Under a key

1. the bytes are enciphered before the check is made: a Feistel network over
   the two halves of their bits, one permutation of all strings of that length;
2. the bits of the whole secret are XORed with a mask and put in another order.

Rounds, mask and order come from scrypt of the key. Step 2 alone would leave a
linear code: the XOR of three words under one key is the word of the XOR of
their messages, `A002` of `A000`, `A001` and `A003`. With step 1 such a word is
still one of the code, but of a text that whoever combines it cannot choose: of
seven random bytes, one string in 330 is a message at all.

scrypt's salt is the same for every photo. A stamp must be read from a copy
that was compressed, cut or photographed, and a salt taken from the photo would
have to be found there bit by bit before anything can be read. So one message
under one key is one word in all photos, and may be copied with its stamp.

How often is something else taken for a message under the key? There are as
many secrets as without a key, for both steps only rearrange: a uniformly
random word of S bits is accepted with the same probability of at most

    p = M * V(S, 5) / 2^S        (1.4e-8 for S = 100; `stegastamp.message`).

A word that holds a message without a key, or under another one, with or
without wrong bits, is not random; the mask is, whatever the word: XORed with
it, each of the 2^S words is as likely as any other, so that over the keys that
might have been chosen the probability is at most p again. And so it is when a
word under a key is read without it.
"""

import functools

import numpy as np

from shared.keys import normal, stretch
from shared.noise import noise, shuffle

_SALT = b"stegastamp"
_ROUNDS = 10


class Lock:
    """What one key does to secrets of one size.

    Args:
        key: str.
        secret_size: int, bits of a secret.
        message_bytes: int, bytes of a message.

    Raises:
        ValueError: if the key is empty or no UTF-8.
    """

    def __init__(self, key, secret_size, message_bytes):
        self._secret = stretch(normal(key), _SALT)
        self._bytes = message_bytes
        self._half = 4 * message_bytes
        mask = noise(self._secret, secret_size, b"mask")
        self._mask = np.frombuffer(mask, np.uint8) & 1
        self._order = shuffle(self._secret, secret_size, b"order")

    def lock(self, bits):
        """Masks and reorders a secret: uint8 [secret_size] of 0 and 1."""
        return (bits ^ self._mask)[self._order]

    def unlock(self, bits):
        """Undoes `lock`."""
        result = np.empty_like(bits)
        result[self._order] = bits
        return result ^ self._mask

    def encipher(self, data):
        """Permutes all strings of `message_bytes` bytes."""
        return self._run(data, range(_ROUNDS))

    def decipher(self, data):
        """Undoes `encipher`."""
        return self._run(data, reversed(range(_ROUNDS)))

    def _run(self, data, rounds):
        number = int.from_bytes(data, "big")
        left, right = divmod(number, 1 << self._half)
        for index in rounds:
            left, right = right, left ^ self._round(index, right)
        # The halves change sides, so that the way back is the same way.
        return (right << self._half | left).to_bytes(self._bytes, "big")

    def _round(self, index, half):
        label = b"round %d %d" % (index, half)
        drawn = noise(self._secret, self._bytes, label)
        return int.from_bytes(drawn, "big") >> self._half


@functools.lru_cache(maxsize=64)
def make_lock(key, secret_size, message_bytes):
    """`Lock`, kept for the next photo; see there."""
    return Lock(key, secret_size, message_bytes)
