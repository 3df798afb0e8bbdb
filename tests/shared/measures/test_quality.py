"""PSNR and SSIM in numpy against scikit-image and by hand."""

import math
import tracemalloc

import numpy as np
import pytest
from skimage import metrics

from shared.measures.quality import psnr, same_pixels, ssim


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(40, 52, 3), (40, 52)])
def test_equals_scikit_image(shape, dtype):
    rng = np.random.default_rng(0)
    top = np.iinfo(dtype).max
    image = rng.integers(0, top + 1, shape).astype(dtype)
    noise = rng.normal(0, top / 20, shape)
    other = np.clip(image + noise, 0, top).astype(dtype)
    wanted = metrics.structural_similarity(
        image,
        other,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=top,
        channel_axis=2 if len(shape) == 3 else None,
    )
    assert ssim(image, other) == pytest.approx(wanted, abs=1e-6)
    wanted = metrics.peak_signal_noise_ratio(image, other, data_range=top)
    assert psnr(image, other) == pytest.approx(wanted)


def test_equal_photos(photo):
    assert psnr(photo, photo) == math.inf
    assert ssim(photo, photo) == pytest.approx(1.0)


@pytest.mark.parametrize("measure", [psnr, ssim])
def test_bad_input_is_refused(measure, photo):
    with pytest.raises(ValueError, match="one shape"):
        measure(photo, photo[1:])
    with pytest.raises(ValueError, match="one shape and type"):
        measure(photo, photo.astype(np.uint16))
    with pytest.raises(ValueError, match="whole levels"):
        measure(photo / 255.0, photo / 255.0)


def test_a_photo_below_the_window_is_refused():
    with pytest.raises(ValueError, match="11 pixels"):
        ssim(np.zeros((10, 20), np.uint8), np.zeros((10, 20), np.uint8))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("gray", [False, True])
def test_psnr_needs_no_copy_of_the_photo(dtype, gray):
    rng = np.random.default_rng(0)
    top = np.iinfo(dtype).max + 1
    image, other = rng.integers(0, top, (2, 1501, 1000, 3)).astype(dtype)
    if gray:
        image, other = image[..., 0], other[..., 0]
    error = np.mean(np.square(image.astype(np.float64) - other))
    wanted = 20 * math.log10(top - 1) - 10 * math.log10(error)
    tracemalloc.start()
    found, same = psnr(image, other), same_pixels(image, image.copy())
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    psnr(image, other)
    same_pixels(image, other)
    peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    assert found == pytest.approx(wanted, rel=1e-9) and same
    # A copy as float64 takes 12 MB (gray) and 36 MB.
    assert peak < 3_000_000


def test_same_pixels_sees_one_level_the_shape_and_the_type(photo):
    other = photo.copy()
    assert same_pixels(photo, other)
    other[-1, -1, -1] ^= 1
    assert not same_pixels(photo, other)
    assert not same_pixels(photo, photo[:-1])
    assert not same_pixels(photo, photo.astype(np.uint16))
