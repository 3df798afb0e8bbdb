"""PGD and SegPGD: what an attacker reaches who computes on every image.

Sources: Madry et al., "Towards Deep Learning Models Resistant to Adversarial
Attacks", arXiv:1706.06083; Gu et al., "SegPGD", arXiv:2207.12391.
"""

import keras
import numpy as np
from keras import ops

from malicious_ae.losses import weighted_mean
from malicious_ae.networks import PsnrBound
from shared.errors import check_choice
from shared.segmentation.losses import weighted_cross_entropy

METHODS = ("pgd", "segpgd")


def pixel_loss(logits, labels, weights, share, method):
    """The loss to climb, a scalar.

    Args:
        logits: [N, H, W, C].
        labels: [N, H, W] integers.
        weights: [C]; classes of weight 0 have no part, others count alike.
        share: Scalar, progress through the steps in [0, 1).
        method: `pgd` is plain cross-entropy. `segpgd` starts with the pixels
            still read right and ends with all alike: equation 4 of SegPGD.
    """
    counted = ops.cast(weights > 0, "float32")
    if method == "pgd":
        means, totals = weighted_cross_entropy(logits, labels, counted)
        return ops.sum(means * totals) / ops.maximum(ops.sum(totals), 1.0)
    loss = ops.sparse_categorical_crossentropy(labels, logits, from_logits=True)
    # NumPy's integers have 64 bits, JAX's 32.
    labels = ops.cast(labels, "int32")
    read = ops.cast(ops.argmax(logits, axis=-1), "int32")
    wrong = ops.cast(read != labels, "float32")
    balance = ops.where(wrong > 0, share / 2, 1.0 - share / 2)
    pixels = ops.take(counted, labels)
    return weighted_mean(loss * balance, pixels)


def make_gradient(victim, weights, method):
    """Compiles (images, labels, share) -> gradient by the images."""
    weights = ops.convert_to_tensor(weights, "float32")

    def loss(images, labels, share):
        logits = victim(images, training=False)
        return pixel_loss(logits, labels, weights, share, method)

    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(jax.grad(loss))
    import tensorflow as tf

    @tf.function
    def gradient(images, labels, share):
        with tf.GradientTape() as tape:
            tape.watch(images)
            value = loss(images, labels, share)
        return tape.gradient(value, images)

    return gradient


class GradientAttack:
    """Projected gradient ascent on a victim's loss, image by image.

    Args:
        victim: Keras model from images in [0, 1] to logits.
        weights: [classes]; classes of weight 0 have no part.
        method: One of `METHODS`.
        bound: `psnr` or `linf`.
        size: Least PSNR in dB, or epsilon of images in [0, 1].
        steps: Gradients an image.

    Raises:
        ValueError: For an unknown method or bound.
    """

    def __init__(self, victim, weights, method, bound, size, steps=20):
        check_choice("method", method, METHODS)
        check_choice("bound", bound, ("psnr", "linf"))
        self.gradient = make_gradient(victim, weights, method)
        self.bound, self.steps = bound, steps
        self.within = PsnrBound(size) if bound == "psnr" else None
        self.radius = self.within.radius if self.within else size

    def attack(self, images, labels, rng):
        """Attacks images, from a random start within the bound.

        Args:
            images: float32 [N, H, W, 3] in [0, 1].
            labels: Integers [N, H, W].
            rng: numpy Generator.

        Returns:
            float32 [N, H, W, 3] in [0, 1], within the bound.
        """
        labels = ops.convert_to_tensor(labels, "int32")
        start = rng.normal(0, self.radius / 2, images.shape)
        residual = self._project(start)
        for step in range(self.steps):
            attacked = np.clip(images + residual, 0, 1).astype("float32")
            gradient = ops.convert_to_numpy(
                self.gradient(
                    ops.convert_to_tensor(attacked),
                    labels,
                    ops.convert_to_tensor(step / self.steps, "float32"),
                )
            )
            residual = self._project(attacked - images + self._move(gradient))
        return np.clip(images + residual, 0, 1).astype("float32")

    def _move(self, gradient):
        length = 2.5 * self.radius / self.steps
        if self.bound == "linf":
            return length * np.sign(gradient)
        size = np.sqrt(np.mean(gradient**2, (1, 2, 3), keepdims=True))
        return length * gradient / np.maximum(size, 1e-20)

    def _project(self, residual):
        if self.within is None:
            return np.clip(residual, -self.radius, self.radius)
        return ops.convert_to_numpy(self.within(residual.astype("float32")))
