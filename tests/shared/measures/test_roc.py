"""ROC curves against scikit-learn, by hand, and intervals that cover."""

import numpy as np
import pytest
from sklearn import metrics

from shared.measures.roc import auc, auc_interval, roc_curve


def examples(count=200, shift=1.0, seed=0, digits=1):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, count)
    # Rounded, so that scores tie.
    return np.round(rng.normal(shift * labels), digits), labels


@pytest.mark.parametrize("seed", range(3))
def test_equals_scikit_learn(seed):
    scores, labels = examples(seed=seed)
    wanted = metrics.roc_curve(labels, scores, drop_intermediate=False)
    for found, value in zip(roc_curve(scores, labels), wanted, strict=True):
        np.testing.assert_allclose(found, value)
    assert auc(scores, labels) == pytest.approx(
        metrics.roc_auc_score(labels, scores)
    )


def test_area_is_the_share_of_pairs_in_order():
    scores, labels = examples(60)
    positive, negative = scores[labels == 1], scores[labels == 0]
    above = positive[:, None] > negative
    tied = positive[:, None] == negative
    assert auc(scores, labels) == pytest.approx((above + tied / 2).mean())


def test_ends_of_the_scale():
    labels = [0, 0, 1, 1]
    assert auc([1, 2, 3, 4], labels) == 1.0
    assert auc([4, 3, 2, 1], labels) == 0.0
    assert auc([5, 5, 5, 5], labels) == 0.5
    false, true, thresholds = roc_curve([1, 2, 3, 4], labels)
    assert (false[0], true[0], thresholds[0]) == (0.0, 0.0, np.inf)
    assert (false[-1], true[-1], thresholds[-1]) == (1.0, 1.0, 1.0)


def test_intervals_cover_the_true_area():
    # For two normals one deviation apart the area is .7602.
    covered = 0
    for seed in range(40):
        scores, labels = examples(150, seed=seed, digits=9)
        low, high = auc_interval(scores, labels, draws=200, seed=seed)
        covered += low <= 0.7602 <= high
    assert 33 <= covered <= 40


def test_groups_that_hang_together_widen_the_interval():
    scores, labels = examples(100)
    repeated = np.repeat(scores, 5), np.repeat(labels, 5)
    groups = np.repeat(np.arange(100), 5)
    low, high = auc_interval(*repeated, draws=300)
    wide_low, wide_high = auc_interval(*repeated, groups, draws=300)
    assert wide_high - wide_low > 1.5 * (high - low)
    assert wide_low <= auc(*repeated) <= wide_high


@pytest.mark.parametrize(
    ("scores", "labels", "words"),
    [
        ([1, 2], [0], "one label"),
        ([1, 2], [0, 2], "one label"),
        ([1, 2], [1, 1], "both classes"),
        ([1, np.nan], [0, 1], "not a number"),
    ],
)
def test_bad_input_is_refused(scores, labels, words):
    with pytest.raises(ValueError, match=words):
        auc(scores, labels)


def test_one_group_is_refused():
    with pytest.raises(ValueError, match="two at least"):
        auc_interval([1, 2], [0, 1], groups=[3, 3])
