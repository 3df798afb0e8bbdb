"""Resizing as the reference does it."""

import pytest

from agns.layers.resizer import Resizer
from tests.agns.answers import close, features, golden
from tests.contracts.layers import check_layer


@pytest.mark.parametrize("name", ["out_24x20_zero_base", "out_96"])
def test_resizer(name):
    arrays = golden("resizer")
    height, width = arrays[name].shape[1:3]
    layer = Resizer(height, width, zero_base=name.endswith("base"))
    close(layer(arrays["image"]), arrays[name])


def test_contract(tmp_path):
    config = {"height": 5, "width": 9}
    check_layer(Resizer, config, features(2, 7, 6, 3), tmp_path)
