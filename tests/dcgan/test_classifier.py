"""The judge's network, by the name that it had."""

import pytest

pytestmark = pytest.mark.tensorflow


def test_the_classifier_has_the_stated_weights_and_outputs():
    from dcgan.classifier import build_classifier

    network = build_classifier()
    assert network.count_params() == 220_234
    assert network.output["features"].shape == (None, 64)
    assert network.output["probabilities"].shape == (None, 10)
