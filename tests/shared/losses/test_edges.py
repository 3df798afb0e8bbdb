"""How the border of a photo weighs more than its middle."""

from pathlib import Path

import numpy as np
import pytest

from shared.losses.edges import edge_falloff

GOLDENS = Path(__file__).parent / "goldens"


@pytest.mark.parametrize("size", ["64x64", "400x400"])
def test_falloff_is_the_original_from_the_first_edges(size):
    original = np.load(GOLDENS / "stega_falloff.npz")[f"falloff_{size}"]
    height, width = original.shape
    ours = edge_falloff(height, width)
    half = (slice(height // 2), slice(width // 2))
    np.testing.assert_allclose(ours[half], original[half], atol=1e-6)


@pytest.mark.parametrize(
    ("height", "width"), [(48, 80), (33, 21), (3, 5), (1, 1)]
)
def test_falloff_is_symmetric(height, width):
    falloff = edge_falloff(height, width)
    assert falloff.shape == (height, width)
    np.testing.assert_array_equal(falloff, falloff[::-1])
    np.testing.assert_array_equal(falloff, falloff[:, ::-1])
    if min(height, width) >= 4:
        assert (falloff[0] == 1).all() and (falloff[:, 0] == 1).all()
        assert falloff[height // 2, width // 2] == 0


def test_falloff_refuses_an_empty_side():
    with pytest.raises(ValueError, match="height=0"):
        edge_falloff(0, 8)
    with pytest.raises(ValueError, match="width=None"):
        edge_falloff(8, None)
