"""The module of four paths, against the reference's answers."""

import pytest

from agns.layers.inception_module import InceptionModule
from tests.agns.answers import close, features, golden, load_units
from tests.contracts.layers import check_layer

PATHS = {
    "point": ("reduce_conv_out", "rco_bn"),
    "reduce_3": ("reduce_3", "r3_bn"),
    "3": ("out_3", "o3_bn"),
    "reduce_5": ("reduce_5", "r5_bn"),
    "5": ("out_5", "o5_bn"),
    "pool_out": ("pool_out", "po_bn"),
}


@pytest.mark.parametrize("prefix", ["inc4_max", "inc4_l2", "inc3_l2"])
def test_inception_module(prefix):
    arrays = golden("inception_small")
    five = (3, 4) if prefix.startswith("inc4") else None
    layer = InceptionModule(5, (6, 8), five, 4, prefix[5:])
    layer.build(arrays["x"].shape)
    load_units(layer, arrays, prefix, PATHS)
    close(layer(arrays["x"]), arrays[f"{prefix}.out_inference"])


def test_contract(tmp_path):
    config = {
        "point": 3,
        "three": (2, 4),
        "five": (2, 3),
        "pool": 2,
        "pooling": "l2",
    }
    check_layer(InceptionModule, config, features(2, 5, 6, 3), tmp_path)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="Received"):
        InceptionModule(1, (1, 1), None, 1, pooling="mean")
