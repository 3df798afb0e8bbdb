"""Colour spaces against the originals, Python's colorsys and each other."""

import colorsys
from pathlib import Path

import numpy as np
import pytest
from keras import backend, ops

from shared.ops import color
from tests.contracts.gradients import check_gradients, input_gradients

GOLDENS = Path(__file__).parent / "goldens"


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def values(tensor):
    return ops.convert_to_numpy(tensor)


def test_ycbcr_is_the_original_codes():
    golden = np.load(GOLDENS / "stega_utils.npz")
    np.testing.assert_allclose(
        values(color.rgb_to_ycbcr(golden["rgb"])),
        golden["rgb_to_ycbcr_jpeg"],
        atol=1e-4,
    )
    np.testing.assert_allclose(
        values(color.ycbcr_to_rgb(golden["rgb_to_ycbcr_jpeg"])),
        golden["ycbcr_to_rgb_jpeg_of_that"],
        atol=1e-4,
    )
    np.testing.assert_allclose(
        values(color.ycbcr_to_rgb(golden["ycc_in"])),
        golden["ycc_in_to_rgb"],
        atol=1e-4,
    )


def test_yuv_is_tf_images():
    golden = np.load(GOLDENS / "tf_rgb_to_yuv.npz")
    np.testing.assert_allclose(
        values(color.rgb_to_yuv(golden["rgb"])), golden["yuv"], atol=1e-6
    )


@pytest.mark.parametrize(
    ("there", "back", "scale"),
    [
        (color.rgb_to_yuv, color.yuv_to_rgb, 1.0),
        (color.rgb_to_ycbcr, color.ycbcr_to_rgb, 255.0),
        (color.rgb_to_hsv, color.hsv_to_rgb, 1.0),
    ],
)
def test_there_and_back(rng, there, back, scale):
    images = (rng.random((2, 5, 7, 3)) * scale).astype("float32")
    # The published YCbCr matrices have six digits: inverse to 1e-4 of 255.
    np.testing.assert_allclose(
        values(back(there(images))), images, atol=3e-6 * scale
    )


def test_hsv_is_colorsys(rng):
    primaries = [[0, 0, 0], [1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
    rgb = np.concatenate(
        [np.array(primaries), rng.random((40, 3)), np.eye(3) * 0.5 + 0.25]
    ).astype("float32")
    hsv = np.array([colorsys.rgb_to_hsv(*map(float, row)) for row in rgb])
    np.testing.assert_allclose(values(color.rgb_to_hsv(rgb)), hsv, atol=1e-5)
    np.testing.assert_allclose(
        values(color.hsv_to_rgb(hsv.astype("float32"))), rgb, atol=1e-5
    )


def test_hue_wraps(rng):
    hsv = rng.random((4, 4, 3)).astype("float32")
    turned = hsv + np.float32([2, 0, 0])
    np.testing.assert_allclose(
        values(color.hsv_to_rgb(turned)),
        values(color.hsv_to_rgb(hsv)),
        atol=1e-5,
    )


@pytest.mark.parametrize(
    "convert",
    [
        color.rgb_to_yuv,
        color.yuv_to_rgb,
        color.rgb_to_ycbcr,
        color.ycbcr_to_rgb,
        color.rgb_to_hsv,
        color.hsv_to_rgb,
    ],
)
def test_contract(rng, convert):
    images = rng.uniform(0.05, 0.95, (2, 3, 4, 3))
    check_gradients(convert, images)
    result = convert(ops.cast(images, "bfloat16"))
    assert backend.standardize_dtype(result.dtype) == "float32"
    with pytest.raises(ValueError, match="3 channels"):
        convert(images[..., :2].astype("float32"))


def test_hsv_gradients_are_finite_on_greys():
    greys = np.float32(
        [
            [0, 0, 0],
            [0.5, 0.5, 0.5],
            [1, 1, 1],
            [0.5, 0.5, 0.5 + 1e-7],
            [1e-38, 0, 0],
            [0.7, 0.7, 0.2],
        ]
    )
    (slopes,) = input_gradients(color.rgb_to_hsv, [greys])
    assert np.isfinite(slopes).all()
    (slopes,) = input_gradients(
        lambda rgb: color.hsv_to_rgb(color.rgb_to_hsv(rgb)), [greys]
    )
    assert np.isfinite(slopes).all() and np.abs(slopes).max() > 0.5
