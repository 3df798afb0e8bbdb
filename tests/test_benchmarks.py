"""The stopwatch of the training benchmarks: what loading costs is found."""

import time

import keras
import numpy as np
import pytest

from benchmarks.training import measure_step


class Slow:
    """Batches that take much longer to make than to learn from."""

    def __getitem__(self, index):
        time.sleep(0.05)
        return np.zeros((2, 3), "float32"), np.zeros((2, 1), "float32")


@pytest.mark.slow
def test_loading_is_told_from_learning():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    loading, ready = measure_step(model, Slow(), 0.0)
    assert loading > 0.04 > ready
