"""How much of a secret came back."""

from keras import ops


def bit_accuracy(bits, logits):
    """Returns the share of each word's bits which its logits get right.

    Args:
        bits: [N, S] of 0 and 1, any dtype.
        logits: [N, S]; a bit reads as 1 where its logit is > 0.

    Returns:
        [N] float32 in [0, 1]; guessing gives .5 on average.
    """
    right = ops.equal(ops.cast(bits, "float32") > 0.5, logits > 0)
    return ops.mean(ops.cast(right, "float32"), axis=-1)
