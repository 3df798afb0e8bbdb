"""Data sets that depend on the seed and the step only."""

import numpy as np
import pytest

from shared.training.batches import StepBatches


class _Draws(StepBatches):
    def make(self, step):
        return step, self.random(step).integers(0, 1000, 4)


def _epochs(batches, count):
    drawn = []
    for _ in range(count):
        drawn += [batches[i] for i in range(len(batches))]
        batches.on_epoch_end()
    return drawn


def test_a_resumed_data_set_goes_on_where_the_first_stopped():
    whole = _epochs(_Draws(3, seed=5), 4)
    resumed = _epochs(_Draws(3, seed=5, first_step=6), 2)
    assert [step for step, _ in whole] == list(range(12))
    for (step, drawn), (again, same) in zip(whole[6:], resumed, strict=True):
        assert step == again
        np.testing.assert_array_equal(drawn, same)


def test_seeds_and_steps_differ():
    first, second = _Draws(2, seed=1), _Draws(2, seed=2)
    assert (first[0][1] != second[0][1]).any()
    assert (first[0][1] != first[1][1]).any()


def test_a_data_set_must_say_what_a_batch_is():
    with pytest.raises(NotImplementedError, match="make"):
        StepBatches(1, 0)[0]
