"""Laying bits on cells."""

import numpy as np
import pytest
from keras import ops

from stego.layers import CollectBits, SpreadBits
from tests.contracts.layers import check_layer


def test_spread_keeps_the_layer_contract(tmp_path):
    message = np.random.default_rng(0).normal(size=(3, 13)).astype("float32")
    layer = check_layer(SpreadBits, {"side": 2, "depth": 4}, message, tmp_path)
    grid = ops.convert_to_numpy(layer(message)).reshape(3, -1)
    np.testing.assert_array_equal(grid[:, :13], message)
    np.testing.assert_array_equal(grid[:, 13:], 0)


def test_collect_keeps_the_layer_contract(tmp_path):
    grid = np.random.default_rng(0).normal(size=(3, 2, 2, 4)).astype("float32")
    layer = check_layer(CollectBits, {"bits": 13}, grid, tmp_path)
    np.testing.assert_array_equal(layer(grid), grid.reshape(3, -1)[:, :13])


def test_a_message_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="do not hold 17"):
        SpreadBits(2, 4)(np.zeros((1, 17), "float32"))
