"""PGD and SegPGD: within the bound, and stronger than chance."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from malicious_ae.gradient_attacks import (
    METHODS,
    GradientAttack,
    pixel_loss,
)

CLASSES = 3
WEIGHTS = np.array([1, 1, 0], "float32")
rng = np.random.default_rng(3)
IMAGES = rng.uniform(0.2, 0.8, (2, 12, 16, 3)).astype("float32")


@pytest.fixture(scope="module")
def victim():
    """A linear victim, which reads the images' own labels right."""
    keras.utils.set_random_seed(0)
    image = keras.Input((12, 16, 3))
    conv = layers.Conv2D(CLASSES, 3, padding="same", use_bias=False)
    model = keras.Model(image, conv(image))
    # Blind to the mean, so that no class wins everywhere.
    kernel = conv.get_weights()[0]
    conv.set_weights([kernel - kernel.mean((0, 1), keepdims=True)])
    return model


def accuracy(victim, images, labels):
    return float(
        np.mean(ops.convert_to_numpy(victim(images)).argmax(-1) == labels)
    )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("bound", "size"), [("psnr", 24.0), ("linf", 0.05)])
def test_stronger_than_noise_within_the_bound(victim, method, bound, size):
    labels = ops.convert_to_numpy(victim(IMAGES)).argmax(-1)
    attack = GradientAttack(
        victim, np.ones(CLASSES, "float32"), method, bound, size, steps=8
    )
    attacked = attack.attack(IMAGES, labels, np.random.default_rng(0))
    assert attacked.dtype == np.float32
    assert attacked.min() >= 0 and attacked.max() <= 1
    change = attacked - IMAGES
    if bound == "linf":
        assert np.abs(change).max() <= size + 1e-6
    else:
        assert np.mean(change**2, (1, 2, 3)).max() <= 10 ** (-size / 10)
    noise = rng.permutation(change.ravel()).reshape(change.shape)
    by_noise = accuracy(victim, np.clip(IMAGES + noise, 0, 1), labels)
    assert accuracy(victim, attacked, labels) < by_noise - 0.2


def test_the_losses_by_hand():
    logits = rng.normal(0, 2, (1, 4, 5, CLASSES)).astype("float32")
    labels = rng.integers(0, CLASSES, (1, 4, 5))
    counted = labels < 2
    odds = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    entropy = -np.log(np.take_along_axis(odds, labels[..., None], -1))[..., 0]
    pgd = pixel_loss(logits, labels, WEIGHTS, 0.5, "pgd")
    np.testing.assert_allclose(pgd, entropy[counted].mean(), rtol=1e-5)
    right = logits.argmax(-1) == labels
    for share in (0.0, 0.6):
        balance = np.where(right, 1 - share / 2, share / 2)
        np.testing.assert_allclose(
            pixel_loss(logits, labels, WEIGHTS, share, "segpgd"),
            (balance * entropy)[counted].mean(),
            rtol=1e-5,
        )


def test_unknown_methods_and_bounds_are_refused(victim):
    with pytest.raises(ValueError, match="`method`"):
        GradientAttack(victim, WEIGHTS, "fgsm", "psnr", 30.0)
    with pytest.raises(ValueError, match="`bound`"):
        GradientAttack(victim, WEIGHTS, "pgd", "none", 30.0)
