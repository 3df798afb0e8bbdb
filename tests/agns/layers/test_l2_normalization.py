"""Each example is normalised by itself."""

from agns.layers.l2_normalization import L2Normalization
from tests.agns.answers import close, features, golden
from tests.contracts.layers import check_layer


def test_l2_normalization_is_per_example():
    arrays = golden("layers")
    layer = L2Normalization()
    x = arrays["l2norm_in"]
    close(layer(x), arrays["l2norm_per_row_for_comparison"])
    close(layer(x[:1]), arrays["l2norm_per_row_for_comparison"][:1])


def test_contract(tmp_path):
    check_layer(L2Normalization, {}, features(3, 7), tmp_path)
