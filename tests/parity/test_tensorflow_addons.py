"""Our operations and losses give what tensorflow-addons gave.

tensorflow-addons cannot be imported beside Keras 3, so its answers come from
a file: the one in this folder, or, with TFA_REFERENCE, a fresh one
(`make parity` computes it in an environment of its own).
"""

import os
from pathlib import Path

import numpy as np
import pytest
from keras import ops

from agns.layers.local_response_normalization import (
    LocalResponseNormalization,
)
from shared.losses.triplet import METRICS, triplet_semihard_loss
from shared.ops.blur import gaussian_filter2d
from shared.ops.warp import dense_image_warp, projective_warp
from tests.contracts.gradients import input_gradients

REFERENCE = Path(__file__).parent / "goldens" / "tensorflow_addons.npz"


@pytest.fixture(scope="module")
def tfa():
    """Inputs and answers of reference.py: dict of float32 arrays."""
    with np.load(os.environ.get("TFA_REFERENCE", REFERENCE)) as arrays:
        return dict(arrays)


def _close(ours, theirs, atol=2e-5):
    np.testing.assert_allclose(
        ops.convert_to_numpy(ours), theirs, rtol=0, atol=atol
    )


@pytest.mark.parametrize("fill", ["edge", "zeros"])
def test_transform(tfa, fill):
    _close(
        projective_warp(tfa["images"], tfa["matrices"], fill=fill),
        tfa[f"transform_{fill}"],
    )


def test_transform_to_another_size(tfa):
    _close(
        projective_warp(tfa["images"], tfa["matrices"], output_size=(31, 17)),
        tfa["transform_size"],
    )


def test_dense_image_warp(tfa):
    _close(dense_image_warp(tfa["images"], tfa["flow"]), tfa["dense"])


def test_gradients_of_dense_image_warp(tfa):
    def energy(images, flow):
        return ops.square(dense_image_warp(images, flow))

    to_images, to_flow = input_gradients(energy, [tfa["images"], tfa["flow"]])
    _close(to_images, tfa["dense_grad_images"])
    _close(to_flow, tfa["dense_grad_flow"])


@pytest.mark.parametrize("padding", ["reflect", "constant"])
@pytest.mark.parametrize(
    ("name", "shape", "sigma"),
    [("odd", (5, 3), (1.3, 0.7)), ("even", (4, 4), 2.0)],
)
def test_gaussian_filter2d(tfa, padding, name, shape, sigma):
    _close(
        gaussian_filter2d(tfa["images"], shape, sigma, padding=padding),
        tfa[f"gaussian_{padding}_{name}"],
    )


@pytest.mark.parametrize("metric", METRICS)
def test_triplet_semihard_loss(tfa, metric):
    loss = triplet_semihard_loss(
        tfa["labels"], tfa["embeddings"], margin=0.7, metric=metric
    )
    _close(loss, tfa[f"triplet_{metric}"])


def test_gradient_of_the_triplet_loss(tfa):
    (gradient,) = input_gradients(
        lambda x: triplet_semihard_loss(tfa["labels"], x), [tfa["embeddings"]]
    )
    _close(gradient, tfa["triplet_grad"])


def test_local_response_normalization(tfa):
    _close(LocalResponseNormalization()(tfa["features"]), tfa["lrn"], atol=1e-4)
