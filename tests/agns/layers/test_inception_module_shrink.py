"""The module that halves the sides, against the reference's answers."""

from agns.layers.inception_module_shrink import InceptionModuleShrink
from tests.agns.answers import close, features, golden, load_units
from tests.contracts.layers import check_layer

PATHS = {
    "reduce_3": ("reduce3", "r3_bn"),
    "3": ("conv3", "c3_bn"),
    "reduce_5": ("reduce5", "r5_bn"),
    "5": ("conv5", "c5_bn"),
}


def test_inception_module_shrink():
    arrays = golden("inception_small")
    layer = InceptionModuleShrink((5, 8), (3, 6))
    layer.build(arrays["x"].shape)
    load_units(layer, arrays, "shrink", PATHS)
    close(layer(arrays["x"]), arrays["shrink.out_inference"])


def test_contract(tmp_path):
    config = {"three": (3, 4), "five": (2, 3)}
    check_layer(InceptionModuleShrink, config, features(2, 6, 5, 3), tmp_path)
