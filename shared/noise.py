"""Noise that a secret decides, the same on every machine and for ever."""

import hashlib

import numpy as np


def noise(secret, count, label):
    """`count` bytes that a secret and a label, both bytes, decide."""
    # SHAKE never changes, unlike a library's random numbers.
    return hashlib.shake_256(secret + label).digest(count)


def shuffle(secret, count, label):
    """The numbers below `count` in an order that a secret decides: int [n]."""
    draws = np.frombuffer(noise(secret, 8 * count, label), ">u8")
    return np.argsort(draws, kind="stable")
