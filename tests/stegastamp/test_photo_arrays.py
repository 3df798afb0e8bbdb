"""Photos of every kind, taken apart and stamped by hand."""

import numpy as np
import pytest

from stegastamp.photo_arrays import add, as_rgb, blend, split


@pytest.mark.parametrize(
    ("dtype", "scale"),
    [("uint8", 255), ("uint16", 65535), ("float32", 1), ("float64", 1)],
)
def test_a_photo_is_taken_apart_at_its_scale(dtype, scale):
    image = np.zeros((4, 6, 4), dtype)
    image[..., 3] = 1
    color, alpha, found = split(image)
    assert color.shape == (4, 6, 3) and alpha.shape == (4, 6, 1)
    assert found == scale and color.dtype == image.dtype
    assert color.max() == 0 and alpha.min() == 1
    gray, none, _ = split(image[..., 0])
    assert gray.shape == (4, 6, 1) and none is None
    assert as_rgb(gray).shape == as_rgb(color).shape == (4, 6, 3)


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.full((2, 2, 3), 7.0), "in \\[0, 1\\]"),
        (np.full((2, 2, 3), np.nan), "in \\[0, 1\\]"),
        (np.zeros((2, 2, 3), np.int32), "dtype=int32"),
        (np.zeros((2, 2, 2), np.uint8), r"shape=\(2, 2, 2\)"),
        (np.zeros((0, 2, 3), np.uint8), r"shape=\(0, 2, 3\)"),
    ],
)
def test_what_is_no_photo_is_refused(image, words):
    with pytest.raises(ValueError, match=words):
        split(image)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_stamp_is_a_share_of_full_scale_and_clipped(dtype, channels):
    shape = (4, 6, channels)
    scale = 1.0 if dtype in (np.float32, np.float64) else np.iinfo(dtype).max
    color = np.full(shape, 0.5 * scale).astype(dtype)
    residual = np.full(shape, 0.2, np.float32)
    residual[0], residual[1] = 0.9, -0.9
    stamped, added = blend(color, residual, float(scale))
    assert stamped.dtype == dtype and stamped.shape == shape
    wanted = np.clip(color + residual * scale, 0, scale)
    np.testing.assert_allclose(stamped, wanted, atol=1e-6 if scale == 1 else 1)
    np.testing.assert_allclose(added, residual, atol=1e-6)


@pytest.mark.parametrize("channels", [None, 1, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_residual_is_added_in_the_photos_own_kind(dtype, channels):
    scale = np.iinfo(dtype).max
    shape = (4, 6) if channels is None else (4, 6, channels)
    image = np.full(shape, scale // 2, dtype)
    residual = np.full((4, 6, 3 if channels in (3, 4) else 1), 0.25, "f")
    residual[0] = 1.0
    total = add(image, residual)
    assert total.shape == image.shape and total.dtype == image.dtype
    color = total[..., :3] if channels == 4 else total
    np.testing.assert_allclose(color[1:] / scale, 0.75, atol=0.01)
    np.testing.assert_array_equal(color[0], scale)
    if channels == 4:
        np.testing.assert_array_equal(total[..., 3], image[..., 3])
