"""Weighted cross-entropy against PyTorch's, and the losses' contract."""

from pathlib import Path

import numpy as np
import pytest
from keras import ops

from shared.segmentation.losses import (
    batch_cross_entropy,
    weighted_cross_entropy,
)
from tests.contracts.losses import check_loss

GOLDEN = np.load(Path(__file__).parent / "goldens" / "enet_class_weights.npz")
LOGITS, LABELS = GOLDEN["ce_logits_nhwc"], GOLDEN["ce_labels"]
WEIGHTS = GOLDEN["ce_weights"]


def test_the_golden_losses():
    np.testing.assert_allclose(
        batch_cross_entropy(LOGITS, LABELS, WEIGHTS),
        GOLDEN["ce_weighted"],
        rtol=1e-5,
    )
    np.testing.assert_allclose(
        batch_cross_entropy(LOGITS, LABELS, np.ones(12, "float32")),
        GOLDEN["ce_unweighted"],
        rtol=1e-5,
    )


def test_the_contract_of_a_loss():
    def loss(logits, labels):
        labels = ops.cast(labels, "int32")
        return weighted_cross_entropy(logits, labels, WEIGHTS)[0]

    check_loss(
        loss, LOGITS, LABELS.astype("float32"), shape=(2,), must_learn=(0,)
    )


def test_pixels_that_weigh_nothing_have_no_part():
    weights = np.ones(12, "float32")
    weights[11] = 0
    labels = LABELS.copy()
    labels[0] = 11
    means, totals = weighted_cross_entropy(LOGITS, labels, weights)
    assert float(means[0]) == 0 and float(totals[0]) == 0
    alone = batch_cross_entropy(LOGITS[1:], labels[1:], weights)
    np.testing.assert_allclose(
        batch_cross_entropy(LOGITS, labels, weights), alone, rtol=1e-6
    )


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="5 class weights"):
        weighted_cross_entropy(LOGITS, LABELS, np.ones(5, "float32"))
    with pytest.raises(ValueError, match="`labels`"):
        weighted_cross_entropy(LOGITS, LABELS[..., None], WEIGHTS)
