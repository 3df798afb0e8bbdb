"""Blur kernels and filters against the originals and OpenCV."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from shared.ops import blur
from tests.contracts.gradients import check_gradients, input_gradients

GOLDENS = Path(__file__).parent / "goldens"
BORDERS = {
    "reflect": cv2.BORDER_REFLECT_101,
    "symmetric": cv2.BORDER_REFLECT,
    "edge": cv2.BORDER_REPLICATE,
    "constant": cv2.BORDER_CONSTANT,
}


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def values(tensor):
    return ops.convert_to_numpy(tensor)


def test_kernels_are_stegastamps():
    golden = np.load(GOLDENS / "stega_blur_kernels.npz")
    gauss, theta, line, reach, choice = golden["params"].T
    is_gauss = choice < 0.25
    is_line = (choice >= 0.25) & (choice < 0.5)
    assert is_gauss.sum() >= 3 and is_line.sum() >= 3
    np.testing.assert_allclose(
        values(blur.gaussian_kernels(7, gauss[is_gauss])),
        golden["kernels"][is_gauss],
        atol=1e-7,
    )
    np.testing.assert_allclose(
        values(
            blur.line_kernels(7, theta[is_line], line[is_line], reach[is_line])
        ),
        golden["kernels"][is_line],
        atol=1e-7,
    )


def test_one_kernel_per_image_is_stegastamps_blur():
    golden = np.load(GOLDENS / "stega_blur_kernels.npz")
    index = golden["blur_kernel_index"]
    images = np.repeat(golden["blur_in"], len(index), axis=0)
    np.testing.assert_allclose(
        values(blur.filter2d(images, golden["kernels"][index], "constant")),
        golden["blur_out"],
        atol=1e-6,
    )


@pytest.mark.parametrize(
    ("key", "shape", "sigma", "padding"),
    [
        ("f3x3_s1p0_REFLECT", (3, 3), 1.0, "reflect"),
        ("f5x5_s1p5_REFLECT", 5, 1.5, "reflect"),
        ("f7x3_s2p0x0p7_REFLECT", (7, 3), (2.0, 0.7), "reflect"),
        ("f5x5_s1p5_CONSTANT", 5, (1.5, 1.5), "constant"),
        ("f5x5_s1p5_SYMMETRIC", 5, 1.5, "symmetric"),
        ("f4x4_s1p2_REFLECT", 4, 1.2, "reflect"),
    ],
)
def test_gaussian_filter2d_is_addons(key, shape, sigma, padding):
    golden = np.load(GOLDENS / "tfa_gaussian_filter2d.npz")
    np.testing.assert_allclose(
        values(blur.gaussian_filter2d(golden["image"], shape, sigma, padding)),
        golden[f"out_{key}"],
        atol=2e-6,
    )


@pytest.mark.parametrize("padding", BORDERS)
@pytest.mark.parametrize("kernel_size", [(3, 5), (7, 7), (1, 1)])
def test_filter2d_is_opencvs(rng, padding, kernel_size):
    images = rng.random((3, 11, 14, 3)).astype("float32")
    kernels = rng.normal(size=(3, *kernel_size)).astype("float32")
    expected = [
        cv2.filter2D(image, -1, kernel, borderType=BORDERS[padding])
        for image, kernel in zip(images, kernels, strict=True)
    ]
    np.testing.assert_allclose(
        values(blur.filter2d(images, kernels, padding)), expected, atol=2e-5
    )


def test_both_filters_agree(rng):
    # Each backend takes the one it runs faster.
    images = rng.random((3, 9, 12, 2)).astype("float32")
    kernels = rng.normal(size=(3, 5, 3)).astype("float32")
    np.testing.assert_allclose(
        values(blur._filter_depthwise(ops.convert_to_tensor(images), kernels)),
        values(blur._filter_shifted(images, kernels)),
        atol=1e-5,
    )


def test_one_kernel_serves_all_images(rng):
    images = rng.random((3, 8, 6, 1)).astype("float32")
    kernel = rng.random((1, 3, 3)).astype("float32")
    np.testing.assert_allclose(
        values(blur.filter2d(images, kernel)),
        values(blur.filter2d(images, np.repeat(kernel, 3, axis=0))),
        atol=1e-6,
    )


def test_kernel_may_be_larger_than_the_image(rng):
    images = rng.random((2, 3, 2, 3)).astype("float32")
    constant = np.full_like(images, 0.25)
    kernels = values(blur.gaussian_kernels(9, [2.0, 0.7]))
    for padding in ("reflect", "symmetric", "edge"):
        np.testing.assert_allclose(
            values(blur.filter2d(constant, kernels, padding)),
            constant,
            atol=1e-6,
        )
        blurred = values(blur.filter2d(images, kernels, padding))
        assert blurred.shape == images.shape
        assert blurred.std() < images.std()


@settings(max_examples=15, deadline=None)
@given(
    size=st.sampled_from([1, 2, 4, 7]),
    sigma=st.floats(0.0, 20.0, width=32),
    angle=st.floats(-10.0, 10.0, width=32),
)
def test_kernels_sum_to_one_and_are_centred(size, sigma, angle):
    for kernel in (
        values(blur.gaussian_kernels(size, [sigma]))[0],
        values(blur.line_kernels(size, [angle], sigma))[0],
    ):
        assert kernel.shape == (size, size)
        assert (kernel >= 0).all()
        np.testing.assert_allclose(kernel.sum(), 1.0, atol=1e-5)
        np.testing.assert_allclose(kernel, kernel[::-1, ::-1], atol=1e-6)


def test_line_runs_along_its_angle():
    across, down = values(
        blur.line_kernels(7, np.float32([0.0, np.pi / 2]), 0.25)
    )
    assert across[3].sum() > 0.99
    assert down[:, 3].sum() > 0.99
    # The default reach spans the whole kernel.
    assert across[3].min() > 0.1


def test_gradients(rng):
    images = rng.random((2, 6, 5, 2))
    kernels = rng.random((2, 3, 3))
    check_gradients(blur.filter2d, images, kernels)
    check_gradients(
        lambda sigma: blur.gaussian_kernels(5, sigma), np.array([0.7, 2.0])
    )
    check_gradients(
        lambda angle, sigma: blur.line_kernels(5, angle, sigma),
        np.array([0.3, 2.0]),
        np.array([0.5, 0.9]),
        # Keras computes the cosine in float32 on JAX.
        step=1e-3,
        tolerance=1e-3,
    )


def test_gradients_are_finite_at_sigma_zero():
    for size in (4, 5):
        (slope,) = input_gradients(
            lambda sigma, size=size: blur.gaussian_kernels(size, sigma),
            [np.float32([0.0, 1e-30])],
        )
        assert np.isfinite(slope).all()


def test_bad_arguments():
    images = np.zeros((1, 4, 4, 3), "float32")
    with pytest.raises(ValueError, match="padding"):
        blur.filter2d(images, np.ones((1, 3, 3)), "wrap")
    with pytest.raises(ValueError, match="images"):
        blur.filter2d(images[0], np.ones((1, 3, 3)))
    with pytest.raises(ValueError, match="kernels"):
        blur.filter2d(images, np.ones((3, 3)))
    for shape, sigma in ((3, 0.0), (0, 1.0)):
        with pytest.raises(ValueError, match="positive"):
            blur.gaussian_filter2d(images, shape, sigma)
