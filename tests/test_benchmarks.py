"""The stopwatch of the training benchmarks: what loading costs is found."""

import keras
import numpy as np
import pytest

from benchmarks.training import STEPS_PER_EPOCH, measure_step

SECONDS = 0.05


class Slow:
    """Batches which take their time to make, on a clock of their own."""

    def __init__(self):
        self.made = 0

    def __getitem__(self, index):
        self.made += 1
        return np.zeros((2, 3), "float32"), np.zeros((2, 1), "float32")

    def clock(self):
        return self.made * SECONDS


@pytest.mark.parametrize(
    # Epochs in turn load and do not; the first that counts loads, and seven
    # are the least.
    ("loaded_epochs_asked_for", "loaded_epochs"),
    [(0, 4), (5, 6)],
)
def test_loading_is_told_from_learning(loaded_epochs_asked_for, loaded_epochs):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    batches = Slow()
    loading, ready = measure_step(
        model,
        batches,
        loaded_epochs_asked_for * STEPS_PER_EPOCH * SECONDS,
        batches.clock,
    )
    assert loading == pytest.approx(SECONDS) and ready == 0
    # Keras looks at some before the first epoch.
    made = batches.made // STEPS_PER_EPOCH
    assert made == loaded_epochs
