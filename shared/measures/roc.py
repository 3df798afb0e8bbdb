"""How well scores tell two classes apart: ROC curve and the area under it."""

import numpy as np


def _checked(scores, labels):
    scores = np.asarray(scores, np.float64).ravel()
    labels = np.asarray(labels).ravel()
    if scores.shape != labels.shape or not np.isin(labels, (0, 1)).all():
        raise ValueError(
            "need one label, 0 or 1, for each score. Received: "
            f"{scores.size} scores, {labels.size} labels"
        )
    labels = labels.astype(bool)
    if labels.all() or not labels.any():
        raise ValueError("need examples of both classes")
    if np.isnan(scores).any():
        raise ValueError("a score is not a number")
    return scores, labels


def roc_curve(scores, labels):
    """The rates of every threshold that changes a decision.

    Args:
        scores: [N]; greater means rather positive.
        labels: [N] of 0 (negative) and 1 (positive).

    Returns:
        false_positive_rates, true_positive_rates, thresholds: float64 [T]
        each, from nothing called positive (threshold inf) to everything. An
        example is called positive where its score is >= the threshold.

    Raises:
        ValueError: If lengths differ, a label is not 0 or 1, a class is
            missing, or a score is NaN.
    """
    scores, labels = _checked(scores, labels)
    order = np.argsort(-scores, kind="stable")
    scores, labels = scores[order], labels[order]
    # Equal scores are decided together: only the last of them is a point.
    last = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)
    true = np.cumsum(labels)[last]
    false = 1 + last - true
    return (
        np.append(0.0, false / false[-1]),
        np.append(0.0, true / true[-1]),
        np.append(np.inf, scores[last]),
    )


def auc(scores, labels):
    """The area under the ROC curve.

    The probability that a positive example scores above a negative one,
    equal scores counting half: 1 tells all apart, .5 is chance.

    Args:
        scores: [N]; greater means rather positive.
        labels: [N] of 0 and 1.

    Returns:
        float in [0, 1].

    Raises:
        ValueError: As `roc_curve`.
    """
    false, true, _ = roc_curve(scores, labels)
    return float(np.trapezoid(true, false))


def auc_interval(
    scores, labels, groups=None, confidence=0.95, draws=1000, seed=0
):
    """A bootstrap interval of the area under the ROC curve (percentiles).

    Args:
        scores: [N]; greater means rather positive.
        labels: [N] of 0 and 1.
        groups: [N] or None; examples that hang together, such as a photo's
            own, are drawn together. Default: each class is drawn by itself.
        confidence: Share of the draws inside the interval.
        draws: How often to draw.
        seed: Of the draws.

    Returns:
        (low, high), floats.

    Raises:
        ValueError: As `roc_curve`, or if all examples are of one group.
    """
    scores, labels = _checked(scores, labels)
    rng = np.random.default_rng(seed)
    if groups is None:
        members = [np.flatnonzero(~labels), np.flatnonzero(labels)]

        def draw():
            return np.concatenate([rng.choice(m, len(m)) for m in members])
    else:
        _, groups = np.unique(np.asarray(groups).ravel(), return_inverse=True)
        if groups.shape != scores.shape or groups.max() == 0:
            raise ValueError("need a group for each score, two at least")
        members = [np.flatnonzero(groups == g) for g in range(groups.max() + 1)]

        def draw():
            picks = rng.integers(0, len(members), len(members))
            return np.concatenate([members[p] for p in picks])

    areas = []
    while len(areas) < draws:
        picks = draw()
        # A draw of groups of one class each may miss the other class.
        if 0 < labels[picks].sum() < len(picks):
            areas.append(auc(scores[picks], labels[picks]))
    tail = 50.0 * (1.0 - confidence)
    low, high = np.percentile(areas, [tail, 100.0 - tail])
    return float(low), float(high)
