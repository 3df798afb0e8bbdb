"""Triplet loss with semi-hard negatives."""

from keras import ops

from shared.errors import check_choice
from shared.ops.precision import to_compute_dtype

METRICS = ("L2", "squared-L2", "angular")


def pairwise_distances(embeddings, metric="L2"):
    """Distances between all pairs of a batch.

    Args:
        embeddings: [N, D].
        metric: "L2", "squared-L2" or "angular" (1 minus the cosine).

    Returns:
        [N, N], at least 0, 0 on the diagonal of the first two; its gradient
        is finite where two embeddings are equal.

    Raises:
        ValueError: for another metric or rank.
    """
    x = to_compute_dtype(embeddings)
    check_choice("metric", metric, METRICS)
    if len(x.shape) != 2:
        raise ValueError(
            f"`embeddings` must be [N, D]. Received: shape={tuple(x.shape)}"
        )
    if metric == "angular":
        norm = ops.sum(ops.square(x), axis=1, keepdims=True)
        x = x * ops.rsqrt(ops.maximum(norm, 1e-12))
        return ops.maximum(1.0 - ops.matmul(x, ops.transpose(x)), 0.0)
    power = ops.sum(ops.square(x), axis=1)
    squared = power[:, None] - 2 * ops.matmul(x, ops.transpose(x)) + power
    squared = ops.maximum(squared, 0.0)
    # Rounding leaves a little on the diagonal, where there is nothing.
    apart = 1.0 - ops.eye(ops.shape(x)[0], dtype=x.dtype)
    squared = squared * apart
    if metric == "squared-L2":
        return squared
    # The root of 0 has no slope: take that of 1 and put 0 in its place.
    zero = ops.cast(squared <= 0.0, x.dtype)
    return ops.sqrt(squared + zero) * (1.0 - zero)


def triplet_semihard_loss(labels, embeddings, margin=1.0, metric="L2"):
    """Triplet loss of all positive pairs of a batch.

    For each pair (anchor, positive) the negative is the nearest one that is
    farther from the anchor than the positive; if there is none, the farthest
    negative. The loss is the mean of max(0, margin + d(anchor, positive) -
    d(anchor, negative)) over the pairs, in both directions.

    Args:
        labels: [N] or [N, 1] int.
        embeddings: [N, D], usually of norm 1.
        margin: float.
        metric: see `pairwise_distances`.

    Returns:
        float32 scalar; 0 if no label occurs twice (where tensorflow-addons
        gives NaN). In a batch of one label a negative counts as 0 away.

    Source: Schroff, Kalenichenko, Philbin, "FaceNet", CVPR 2015, section 3;
        equal to `tfa.losses.TripletSemiHardLoss`.
    """
    distances = pairwise_distances(embeddings, metric)  # N, N
    labels = ops.reshape(labels, (-1,))
    same = labels[:, None] == labels[None]
    negative = ops.logical_not(same)

    farthest = ops.max(distances, axis=1, keepdims=True) + 1.0
    nothing = ops.zeros_like(distances)
    easiest = ops.max(
        ops.where(negative, distances, nothing), axis=1
    )  # N, by anchor
    # [anchor, positive, candidate]
    eligible = ops.logical_and(
        negative[:, None, :], distances[:, None, :] > distances[:, :, None]
    )
    candidates = ops.where(
        eligible, distances[:, None, :], farthest[:, :, None]
    )
    semihard = ops.min(candidates, axis=2)
    chosen = ops.where(ops.any(eligible, axis=2), semihard, easiest[:, None])
    pairs = ops.cast(same, distances.dtype) - ops.eye(
        ops.shape(distances)[0], dtype=distances.dtype
    )
    losses = ops.maximum(margin + distances - chosen, 0.0) * pairs
    return ops.sum(losses) / ops.maximum(ops.sum(pairs), 1.0)
