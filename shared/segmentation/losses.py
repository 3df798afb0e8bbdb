"""Cross-entropy over pixels, with a weight for each class."""

from keras import ops

from shared.ops.precision import to_compute_dtype


def weighted_cross_entropy(logits, labels, weights):
    """Returns the weighted mean cross-entropy of each example's pixels.

    As in PyTorch, the sum is divided by the weights' sum over the pixels; an
    example whose pixels all weigh nothing counts 0.

    Args:
        logits: [N, H, W, C].
        labels: [N, H, W] integers, 0 to C - 1.
        weights: [C] floats, at least 0.

    Returns:
        Two [N] tensors, float32 (float64 for float64): the mean, and the
        weights' sum, by which means of several examples are joined.

    Raises:
        ValueError: If the shapes do not fit.
    """
    if len(logits.shape) != 4 or len(labels.shape) != 3:
        raise ValueError(
            "`logits` must be [N, H, W, C] and `labels` [N, H, W]. Received: "
            f"{tuple(logits.shape)} and {tuple(labels.shape)}"
        )
    if logits.shape[-1] != weights.shape[0]:
        raise ValueError(
            f"{weights.shape[0]} class weights do not fit logits of "
            f"{logits.shape[-1]} classes"
        )
    logits = to_compute_dtype(logits)
    weight = ops.take(ops.cast(weights, logits.dtype), labels)
    losses = ops.sparse_categorical_crossentropy(
        labels, logits, from_logits=True
    )
    total = ops.sum(weight, axis=(1, 2))
    mean = ops.sum(losses * weight, axis=(1, 2)) / ops.maximum(total, 1e-12)
    return mean, total


def batch_cross_entropy(logits, labels, weights):
    """The weighted mean over all pixels of a batch, a scalar.

    See `weighted_cross_entropy`; equals PyTorch's loss with class weights.
    """
    means, totals = weighted_cross_entropy(logits, labels, weights)
    return ops.sum(means * totals) / ops.maximum(ops.sum(totals), 1e-12)
