"""Batches which depend on the seed and the step only."""

import keras
import numpy as np


class StepBatches(keras.utils.PyDataset):
    """Base of data sets whose batch is a pure function of seed and step.

    So a resumed training sees exactly what an uninterrupted one would have.
    A subclass defines `make(step)`.

    Args:
        steps: Steps an epoch.
        seed: Seed of all that is drawn.
        first_step: The step of the first batch.
        workers: Threads that make batches.

    Attributes:
        step: The first step of the present epoch.
    """

    def __init__(
        self, steps: int, seed: int, first_step: int = 0, workers: int = 1
    ):
        super().__init__(workers=workers)
        self.steps = steps
        self.seed = seed
        self.step = first_step

    def __len__(self):
        return self.steps

    def on_epoch_end(self):
        self.step += self.steps

    def __getitem__(self, index):
        return self.make(self.step + index)

    def random(self, *key: int) -> np.random.Generator:
        """A generator of its own for each key, such as a step."""
        return np.random.default_rng([self.seed, *key])

    def make(self, step: int):
        """Returns the batch of a step."""
        raise NotImplementedError(f"{type(self).__name__} must define `make`.")
