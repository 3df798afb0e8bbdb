"""Convolution, norm and ReLU; their numbers stand in the modules' tests."""

from agns.layers.conv_norm_relu import ConvNormRelu
from tests.agns.answers import features
from tests.contracts.layers import check_layer


def test_contract(tmp_path):
    config = {"filters": 4, "kernel_size": 3}
    check_layer(ConvNormRelu, config, features(2, 5, 6, 3), tmp_path)
