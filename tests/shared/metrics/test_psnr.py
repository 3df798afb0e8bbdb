"""PSNR by its definition."""

import numpy as np
from keras import ops

from shared.metrics.psnr import psnr
from tests.contracts.losses import check_loss

rng = np.random.default_rng(2)


def test_by_definition():
    images = rng.uniform(size=(3, 9, 14, 3)).astype("float32")
    others = rng.uniform(size=images.shape).astype("float32")
    error = ((images.astype("float64") - others) ** 2).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(
        psnr(images, others), -10 * np.log10(error), rtol=1e-5
    )
    check_loss(psnr, images, others, (3,))


def test_known_values():
    images = np.zeros((2, 4, 6, 3), "float32")
    others = np.stack([images[0] + 0.1, images[0] + 0.01])
    np.testing.assert_allclose(psnr(images, others), [20, 40], atol=1e-3)
    assert (ops.convert_to_numpy(psnr(images, images)) == np.inf).all()
    np.testing.assert_allclose(psnr(images, images, limit=90.0), 90, atol=1e-3)


def test_a_span_is_the_range_of_the_values():
    images = rng.uniform(size=(2, 5, 7, 3)).astype("float32")
    others = rng.uniform(size=images.shape).astype("float32")
    np.testing.assert_allclose(
        psnr(2 * images - 1, 2 * others - 1, span=2.0),
        psnr(images, others),
        rtol=1e-5,
    )
