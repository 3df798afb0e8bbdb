"""How much of a secret came back: share of bits, and whole words."""

from keras import ops


def bit_accuracy(bits, logits):
    """Returns the share of each word's bits which its logits get right.

    Args:
        bits: [N, S] of 0 and 1, any dtype.
        logits: [N, S]; a bit reads as 1 where its logit is > 0.

    Returns:
        [N] float32 in [0, 1]; guessing gives .5 on average.
    """
    return ops.mean(1.0 - _wrong(bits, logits), axis=-1)


def word_accuracy(bits, logits, tolerance=0):
    """Returns 1 for each word that comes back, else 0.

    Args:
        bits: [N, S] of 0 and 1, any dtype.
        logits: [N, S]; a bit reads as 1 where its logit is > 0.
        tolerance: Wrong bits allowed in a word: 0 asks for all bits, 5 for
            what StegaStamp's error correction can mend.

    Returns:
        [N] float32 of 0 and 1.
    """
    errors = ops.sum(_wrong(bits, logits), axis=-1)
    return ops.cast(errors <= tolerance, "float32")


def _wrong(bits, logits):
    right = ops.equal(ops.cast(bits, "float32") > 0.5, logits > 0)
    return 1.0 - ops.cast(right, "float32")
