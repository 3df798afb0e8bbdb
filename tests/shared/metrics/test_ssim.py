"""SSIM against scikit-image, MS-SSIM against TensorFlow and by hand."""

import numpy as np
import pytest
from keras import ops
from skimage.metrics import structural_similarity

from shared.metrics import ssim as module
from shared.metrics.ssim import ms_ssim, ssim
from tests.contracts.gradients import input_gradients
from tests.contracts.losses import check_loss


def pair(shape, noise=0.1, seed=5):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0 : shape[1], 0 : shape[2]]
    smooth = 0.5 + 0.3 * np.sin(x / 7 + y / 11)
    images = smooth[None, :, :, None] + 0.1 * rng.normal(size=shape)
    others = images + noise * rng.normal(size=shape)
    return (
        np.clip(images, 0, 1).astype("float32"),
        np.clip(others, 0, 1).astype("float32"),
    )


def reference(images, others):
    return [
        structural_similarity(
            a,
            b,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=1,
            channel_axis=-1,
        )
        for a, b in zip(images, others, strict=True)
    ]


@pytest.mark.parametrize("shape", [(2, 40, 64, 3), (1, 11, 23, 1)])
@pytest.mark.parametrize("noise", [0.01, 0.3])
def test_equals_scikit_image(shape, noise):
    images, others = pair(shape, noise)
    np.testing.assert_allclose(
        ssim(images, others), reference(images, others), atol=1e-4
    )


def test_large_images_and_accelerators_take_the_other_path(monkeypatch):
    images, others = pair((1, 16, 520, 3))
    np.testing.assert_allclose(
        ssim(images, others), reference(images, others), atol=1e-4
    )
    images, others = pair((1, 40, 64, 3))
    on_cpu = ops.convert_to_numpy(ms_ssim(images, others))
    monkeypatch.setattr(
        module.keras.distribution, "list_devices", lambda: ["cpu:0", "gpu:0"]
    )
    monkeypatch.delattr(module, "_band_products")
    np.testing.assert_allclose(ms_ssim(images, others), on_cpu, atol=1e-5)


@pytest.mark.tensorflow
@pytest.mark.parametrize(("side", "scales"), [(176, 5), (128, 4), (24, 2)])
def test_ms_ssim_equals_tensorflow(side, scales):
    import tensorflow as tf

    images, others = pair((2, side, side + 16, 3))
    weights = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])[:scales]
    expected = tf.image.ssim_multiscale(
        images, others, 1.0, power_factors=list(weights / weights.sum())
    )
    np.testing.assert_allclose(ms_ssim(images, others), expected, atol=1e-4)


def test_one_scale_is_ssim():
    images, others = pair((2, 21, 30, 1))
    np.testing.assert_allclose(
        ms_ssim(images, others), ssim(images, others), atol=1e-6
    )


def test_equal_and_opposite_images():
    images, _ = pair((2, 48, 64, 3))
    np.testing.assert_allclose(ssim(images, images), 1.0, atol=1e-5)
    np.testing.assert_allclose(ms_ssim(images, images), 1.0, atol=1e-5)
    # A negative: every covariance is below zero, where powers turn complex.
    (gradient,) = input_gradients(
        lambda others: ms_ssim(images, others), [1 - images]
    )
    assert np.isfinite(gradient).all()
    assert (ops.convert_to_numpy(ms_ssim(images, 1 - images)) < 0.1).all()


@pytest.mark.parametrize("metric", [ssim, ms_ssim])
def test_contract(metric):
    images, others = pair((2, 44, 30, 3))
    check_loss(metric, images, others, (2,))


@pytest.mark.parametrize("metric", [ssim, ms_ssim])
def test_refuses_images_below_the_window(metric):
    with pytest.raises(ValueError, match="11 pixels"):
        metric(*np.zeros((2, 1, 10, 40, 3), "float32"))
