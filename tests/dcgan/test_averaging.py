"""The averaged generator: the mean by hand, fresh batch statistics."""

import keras
import numpy as np
from keras import ops

from dcgan.averaging import calibrate, update_average
from dcgan.latent_space import LatentSpace

LATENTS = LatentSpace(3)


def build():
    return keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4, use_bias=False),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(1, use_bias=False),
        ]
    )


def test_the_copy_has_the_moving_mean_and_the_learner_stays():
    keras.utils.set_random_seed(0)
    generator, averaged = build(), build()
    optimizer = keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.8)
    optimizer.build(generator.trainable_variables)
    means = None
    rng = np.random.default_rng(1)
    for _ in range(3):
        gradients = [
            ops.convert_to_tensor(rng.normal(size=v.shape).astype("float32"))
            for v in generator.trainable_variables
        ]
        optimizer.apply(gradients, generator.trainable_variables)
        values = [
            ops.convert_to_numpy(v).copy()
            for v in generator.trainable_variables
        ]
        # Keras starts its mean at zero-th step's weights' first average.
        means = (
            [0.8 * m + 0.2 * v for m, v in zip(means, values, strict=True)]
            if means
            else values
        )
    update_average(averaged, generator, optimizer, LATENTS)
    for mine, mean in zip(averaged.trainable_variables, means, strict=True):
        np.testing.assert_allclose(mine, mean, rtol=1e-5, atol=1e-6)
    for learner, value in zip(
        generator.trainable_variables, values, strict=True
    ):
        np.testing.assert_array_equal(learner, value)


def test_batch_statistics_are_those_of_the_latents():
    keras.utils.set_random_seed(1)
    generator = build()
    norm = generator.layers[1]
    calibrate(generator, LATENTS)
    kernel = ops.convert_to_numpy(generator.layers[0].kernel)
    # Dense of N(0, 1): mean 0, variance the kernel's squared column sums.
    np.testing.assert_allclose(norm.moving_mean, np.zeros(4), atol=0.15)
    np.testing.assert_allclose(
        norm.moving_variance, (kernel**2).sum(axis=0), rtol=0.2
    )
    assert norm.momentum == 0.99
    before = ops.convert_to_numpy(norm.moving_variance).copy()
    calibrate(generator, LATENTS)
    np.testing.assert_allclose(norm.moving_variance, before, rtol=1e-5)
    calibrate(generator, LatentSpace(3, "uniform"))
    np.testing.assert_allclose(norm.moving_variance, before / 3, rtol=0.2)
