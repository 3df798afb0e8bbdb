"""The mean of a generator's weights over its last steps.

A generator wanders around a good point more than it comes closer; the mean of
where it has been draws better than where it is. Keras' optimizers keep the
mean (`use_ema`); what they leave out is batch normalisation, whose statistics
belong to the weights that were there when they were taken.

Source: Yazici et al., "The Unusual Effectiveness of Averaging in GAN
Training", ICLR 2019.
"""

import keras
import numpy as np
from keras import ops

CALIBRATION_BATCHES = 8
CALIBRATION_BATCH_SIZE = 128


def update_average(averaged, generator, optimizer, latents, seed=0) -> None:
    """Sets a copy of the generator to the mean that its optimizer keeps.

    Args:
        averaged: Model of the generator's architecture; it is changed.
        generator: The generator that learns; it stays as it is.
        optimizer: Its optimizer, made with `use_ema=True`.
        latents: `dcgan.latent_space.LatentSpace` of the generator.
        seed: Seed of the latents from which batch statistics are taken.
    """
    variables = generator.trainable_variables
    present = [ops.convert_to_numpy(v).copy() for v in variables]
    optimizer.finalize_variable_values(variables)
    for mine, mean in zip(averaged.trainable_variables, variables, strict=True):
        mine.assign(mean)
    for variable, value in zip(variables, present, strict=True):
        variable.assign(value)
    calibrate(averaged, latents, seed)


def calibrate(generator, latents, seed=0) -> None:
    """Takes the statistics of batch normalisation afresh.

    The mean of `CALIBRATION_BATCHES` batches: a moving average whose momentum
    after k batches is k / (k + 1).
    """
    norms = [
        layer
        for layer in generator.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    momenta = [norm.momentum for norm in norms]
    random = np.random.default_rng(seed)
    for batch in range(CALIBRATION_BATCHES):
        for norm in norms:
            norm.momentum = batch / (batch + 1)
        generator(latents.draw(random, CALIBRATION_BATCH_SIZE), training=True)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
