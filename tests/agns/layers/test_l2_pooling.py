"""Pooling by the root of the mean square."""

import numpy as np
import pytest

from agns.layers.l2_pooling import L2Pooling
from tests.agns.answers import close, features, golden
from tests.contracts.gradients import input_gradients
from tests.contracts.layers import check_layer


def test_l2_pooling():
    arrays = golden("layers")
    close(L2Pooling()(arrays["l2pool_in"]), arrays["l2pool_out"])


def test_l2_pooling_has_a_slope_at_zero():
    (gradient,) = input_gradients(
        L2Pooling(), [np.zeros((1, 4, 5, 2), "float32")]
    )
    assert np.isfinite(gradient).all()


def test_contract(tmp_path):
    check_layer(L2Pooling, {}, features(2, 5, 6, 3), tmp_path)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="Received"):
        L2Pooling(epsilon=0)
