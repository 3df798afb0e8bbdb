"""Glasses on their canvas, cut to the frame."""

import numpy as np
from keras import ops

from agns.frames import load_mask, place
from agns.layers.black_padding import BlackPadding
from tests.agns.answers import close, features, golden
from tests.contracts.layers import check_layer


def test_black_padding():
    arrays = golden("pad_glasses")
    padded = BlackPadding()(arrays["glasses"][None])[0]
    close(padded, arrays["padded"], atol=1e-6)
    mask = load_mask()
    masked = ops.convert_to_numpy(
        BlackPadding(mask=mask)(arrays["glasses"][None])
    )
    assert (masked[0][mask == 0] == -1).all()
    np.testing.assert_allclose(
        masked, place(arrays["glasses"][None], mask), atol=1e-6
    )


def test_contract(tmp_path):
    config = {"canvas": 16, "top": 3, "left": 2}
    check_layer(BlackPadding, config, features(2, 6, 9, 3), tmp_path)
