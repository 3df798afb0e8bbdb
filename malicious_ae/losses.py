"""What an attacker wants of a victim's logits, in `keras.ops`."""

from keras import ops

from shared.ops.precision import to_compute_dtype


def misread_loss(logits, labels):
    """Returns -log(1 - p) of each pixel's true class: small when misread.

    Unlike the negative cross-entropy it is bounded below and its gradient,
    p towards the true logit, is strong where a pixel is still read right and
    dies where it no longer is: nothing is spent on pixels already lost. The
    reason why SegPGD re-weighs pixels (Gu et al., arXiv:2207.12391).

    Args:
        logits: [N, H, W, C], C at least 2.
        labels: [N, H, W] integers.

    Returns:
        [N, H, W] float32 (float64 for float64), at least 0.
    """
    logits = to_compute_dtype(logits)
    own = ops.one_hot(labels, logits.shape[-1], dtype=logits.dtype)
    others = ops.logsumexp(logits - 1e9 * own, axis=-1)
    return ops.logsumexp(logits, axis=-1) - others


def read_as_loss(logits, goals):
    """Returns -log p of each pixel's wanted class.

    Args:
        logits: [N, H, W, C].
        goals: [N, H, W] integers.

    Returns:
        [N, H, W] float32 (float64 for float64), at least 0.
    """
    return ops.sparse_categorical_crossentropy(
        goals, to_compute_dtype(logits), from_logits=True
    )


def weighted_mean(values, weights):
    """Mean of [N, H, W] by weights of that shape, over everything."""
    return ops.sum(values * weights) / ops.maximum(ops.sum(weights), 1e-12)


def reference_loss(images, attacked, cross_entropy):
    """The original's: .1 * L2 distance of the batch - 100 * cross-entropy.

    Args:
        images: [N, H, W, 3] in [0, 1].
        attacked: The same, transformed.
        cross_entropy: Scalar, weighted by class.

    Returns:
        A scalar; it depends on batch size and resolution, as there.
    """
    square = ops.sum(ops.square(attacked - images))
    return 0.1 * ops.sqrt(square + 1e-12) - 100.0 * cross_entropy
