"""The triplet loss equals tensorflow-addons', where that is a number."""

from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from shared.losses.triplet import (
    METRICS,
    pairwise_distances,
    triplet_semihard_loss,
)
from tests.contracts.gradients import input_gradients

GOLDENS = Path(__file__).parent / "goldens" / "triplet_semihard.npz"


@pytest.fixture(scope="module")
def golden():
    with np.load(GOLDENS) as arrays:
        return dict(arrays)


@pytest.mark.parametrize("case", "abc")
@pytest.mark.parametrize("metric", METRICS)
def test_equals_tensorflow_addons(golden, case, metric):
    loss = triplet_semihard_loss(
        golden[f"labels_{case}"], golden[f"emb_norm_{case}"], metric=metric
    )
    wanted = golden[f"loss_{case}_norm_{metric.replace('-', '_')}"]
    np.testing.assert_allclose(loss, wanted, rtol=2e-5)


@pytest.mark.parametrize("case", "abc")
def test_any_norm_and_margin(golden, case):
    labels = golden[f"labels_{case}"]
    np.testing.assert_allclose(
        triplet_semihard_loss(labels, golden[f"emb_{case}"]),
        golden[f"loss_{case}_raw_L2"],
        rtol=2e-5,
    )
    np.testing.assert_allclose(
        triplet_semihard_loss(labels, golden[f"emb_norm_{case}"], margin=0.2),
        golden[f"loss_{case}_norm_L2_margin0_2"],
        rtol=2e-5,
    )


def test_the_gradient_is_the_original_one(golden):
    (gradient,) = input_gradients(
        lambda x: triplet_semihard_loss(golden["labels_a"], x),
        [golden["emb_norm_a"]],
    )
    np.testing.assert_allclose(
        gradient, golden["grad_a_norm_default"], atol=1e-5
    )


def test_no_label_twice_is_no_loss(golden):
    assert np.isnan(golden["loss_d_norm_L2"])
    labels, embeddings = golden["labels_d"], golden["emb_norm_d"]
    assert float(triplet_semihard_loss(labels, embeddings)) == 0.0
    (gradient,) = input_gradients(
        lambda x: triplet_semihard_loss(labels, x), [embeddings]
    )
    assert not gradient.any()


def test_the_gradient_is_finite_where_embeddings_are_equal():
    embeddings = np.ones((4, 3), "float32")
    (gradient,) = input_gradients(
        lambda x: triplet_semihard_loss(np.array([0, 0, 1, 1]), x),
        [embeddings],
    )
    assert np.isfinite(gradient).all()


def _by_hand(labels, distances, margin):
    """The loss as the paper tells it, one pair at a time."""
    losses = []
    count = len(labels)
    for a in range(count):
        for p in range(count):
            if a == p or labels[a] != labels[p]:
                continue
            negatives = distances[a][labels != labels[a]]
            farther = negatives[negatives > distances[a, p]]
            if len(farther):
                negative = farther.min()
            else:
                negative = negatives.max() if len(negatives) else 0.0
            losses.append(max(margin + distances[a, p] - negative, 0.0))
    return np.mean(losses) if losses else 0.0


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.sampled_from((2, 5, 9)), st.integers(1, 4))
def test_equals_the_definition(seed, count, people):
    random = np.random.default_rng(seed)
    labels = random.integers(0, people, count)
    embeddings = random.normal(size=(count, 5)).astype("float32")
    distances = ops.convert_to_numpy(pairwise_distances(embeddings))
    np.testing.assert_allclose(
        float(triplet_semihard_loss(labels, embeddings, 0.7)),
        _by_hand(labels, distances, 0.7),
        rtol=1e-4,
        atol=1e-5,
    )


def test_computes_in_float32():
    half = np.random.default_rng(0).normal(size=(6, 4)).astype("float16")
    loss = triplet_semihard_loss(np.array([0, 0, 1, 1, 2, 2]), half)
    assert keras.backend.standardize_dtype(loss.dtype) == "float32"


def test_an_unknown_metric_is_refused():
    with pytest.raises(ValueError, match="Received: 'L1'"):
        pairwise_distances(np.ones((2, 2), "float32"), "L1")
