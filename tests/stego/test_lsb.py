"""The baseline: least significant bits."""

import numpy as np
import pytest

from stego.lsb import replace_lsb
from tests.stego.textures import textures


@pytest.mark.parametrize("payload", [0.1, 1.0, 3.0])
def test_lsb_changes_half_of_the_carriers_by_one(payload):
    covers = textures(20)
    stegos = replace_lsb(covers, payload, np.random.default_rng(0))
    change = stegos.astype(int) - covers
    assert np.abs(change).max() == 1
    np.testing.assert_array_equal(stegos >> 1, covers >> 1)
    assert (change != 0).mean() == pytest.approx(payload / 6, rel=0.1)


@pytest.mark.parametrize("payload", [0.0, 3.1])
def test_lsb_refuses_what_does_not_fit(payload):
    with pytest.raises(ValueError, match="payload"):
        replace_lsb(textures(1), payload, np.random.default_rng(0))
