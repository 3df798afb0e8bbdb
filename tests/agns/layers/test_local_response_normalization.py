"""Normalisation over channels, as the reference and TensorFlow do it."""

import pytest

from agns.layers.local_response_normalization import (
    LocalResponseNormalization,
)
from tests.agns.answers import close, features, golden
from tests.contracts.layers import check_layer


@pytest.mark.parametrize("kind", ["lrn_in", "lrn_in_large"])
def test_local_response_normalization(kind):
    arrays = golden("layers")
    close(
        LocalResponseNormalization()(arrays[kind]),
        arrays[kind.replace("in", "out")],
    )


@pytest.mark.tensorflow
def test_local_response_normalization_is_tensorflows_own():
    import tensorflow as tf

    x = features(2, 3, 4, 9, scale=30.0)
    close(
        LocalResponseNormalization(2, 0.5, 0.01, 0.6)(x),
        tf.nn.local_response_normalization(x, 2, 0.5, 0.01, 0.6),
    )


def test_contract(tmp_path):
    check_layer(
        LocalResponseNormalization,
        {"radius": 2},
        features(2, 5, 6, 7),
        tmp_path,
    )


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="Received"):
        LocalResponseNormalization(radius=-1)
