"""What an example has in common with its batch."""

import pytest

from agns.layers.minibatch_discrimination import MinibatchDiscrimination
from tests.agns.answers import close, features, golden
from tests.contracts.gradients import check_learns, input_gradients
from tests.contracts.layers import check_layer


def test_minibatch_discrimination():
    arrays = golden("minibatch_discrimination")
    layer = MinibatchDiscrimination()
    layer.build(arrays["x"].shape)
    layer.set_weights([arrays["kernel"], arrays["bias"]])
    close(layer(arrays["x"]), arrays["out"])


def test_contract(tmp_path):
    # The bias moves all points alike: its gradient is nothing but rounding.
    config = {"kernels": 4, "dims": 2, "use_bias": False}
    check_layer(MinibatchDiscrimination, config, features(3, 5), tmp_path)


def test_the_minibatch_features_teach_the_projection():
    layer = MinibatchDiscrimination(4, 2)
    layer.build((3, 5))
    (gradient,) = input_gradients(lambda x: layer(x)[:, 5:], [features(3, 5)])
    check_learns({"input": gradient})


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="Received"):
        MinibatchDiscrimination(kernels=0)
