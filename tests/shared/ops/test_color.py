"""Colour spaces against the originals, Python's colorsys and each other."""

from pathlib import Path

import numpy as np
import pytest
from keras import backend, ops

from shared.ops import color
from tests.contracts.gradients import check_gradients

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


def test_ycbcr_there_and_back(rng):
    images = (rng.random((2, 5, 7, 3)) * 255.0).astype("float32")
    # The published matrices have six digits: inverse to 1e-4 of 255.
    np.testing.assert_allclose(
        values(color.ycbcr_to_rgb(color.rgb_to_ycbcr(images))),
        images,
        atol=8e-4,
    )


@pytest.mark.parametrize(
    "convert",
    [
        color.rgb_to_yuv,
        color.rgb_to_ycbcr,
        color.ycbcr_to_rgb,
    ],
)
def test_contract(rng, convert):
    images = rng.uniform(0.05, 0.95, (2, 3, 4, 3))
    check_gradients(convert, images)
    result = convert(ops.cast(images, "bfloat16"))
    assert backend.standardize_dtype(result.dtype) == "float32"
    with pytest.raises(ValueError, match="3 channels"):
        convert(images[..., :2].astype("float32"))
