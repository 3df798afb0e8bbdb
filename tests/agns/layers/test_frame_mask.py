"""A mask that does not fit is refused by the layers that keep one."""

import numpy as np
import pytest

from agns.layers.black_padding import BlackPadding
from agns.layers.face_adder import FaceAdder


@pytest.mark.parametrize("layer", [BlackPadding, FaceAdder])
def test_a_mask_of_another_size_is_refused(layer):
    with pytest.raises(ValueError, match=r"shape=\(8, 9\)"):
        layer(mask=np.ones((8, 9)))
