"""Homographies and warps against the originals, OpenCV and themselves."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from shared.ops import warp
from tests.contracts.gradients import check_gradients, compiled, input_gradients

GOLDENS = Path(__file__).parent / "goldens"
SQUARE = np.float32([[0, 0], [1, 0], [1, 1], [0, 1]])


@pytest.fixture
def rng():
    return np.random.default_rng(9)


def values(tensor):
    return ops.convert_to_numpy(tensor)


def from_eight_numbers(vectors):
    ones = np.ones((len(vectors), 1), "float32")
    return np.concatenate([vectors, ones], axis=1).reshape(-1, 3, 3)


def offsets_by_corner(offsets):
    """The golden's tl, bl, tr, br as our tl, tr, br, bl."""
    return offsets.astype("float32").reshape(-1, 4, 2)[:, [0, 2, 3, 1]]


def project(homographies, points):
    points = np.concatenate([points, np.ones_like(points[..., :1])], axis=-1)
    mapped = points @ homographies.transpose(0, 2, 1)
    return mapped[..., :2] / mapped[..., 2:]


def translation(x, y):
    return np.float32([[[1, 0, x], [0, 1, y], [0, 0, 1]]])


@pytest.mark.parametrize(
    ("images", "transforms", "expected"),
    [
        ("image_sq", "transforms_M", "out_M"),
        ("image_rect", "transforms_rect", "out_rect"),
    ],
)
def test_projective_warp_is_tf_contribs(images, transforms, expected):
    golden = np.load(GOLDENS / "stega_image_transform.npz")
    np.testing.assert_allclose(
        values(
            warp.projective_warp(
                golden[images], from_eight_numbers(golden[transforms])
            )
        ),
        golden[expected],
        atol=2e-5,
    )


def test_mask_of_a_warp_is_tf_contribs():
    golden = np.load(GOLDENS / "stega_image_transform.npz")
    expected = golden["ones_mask_M"]
    np.testing.assert_allclose(
        values(
            warp.projective_warp(
                np.ones_like(expected),
                from_eight_numbers(golden["transforms_M"]),
            )
        ),
        expected,
        atol=2e-5,
    )


@pytest.mark.parametrize("size", [48, 64, 400])
def test_corner_offsets_are_stegastamps(size):
    golden = np.load(GOLDENS / "stega_transform_matrix.npz")
    forward, inverse = warp.corner_offsets_to_homographies(
        offsets_by_corner(golden[f"offsets_{size}_f64"]), size, size
    )
    np.testing.assert_allclose(
        values(forward).reshape(-1, 9)[:, :8],
        golden[f"Ms_{size}_f64"][:, 1],
        rtol=1e-4,
        atol=1e-5,
    )
    # The original's own inverse is these numbers times its [2, 2].
    inverse = values(inverse).reshape(-1, 9)[:, :8]
    np.testing.assert_allclose(
        inverse, golden[f"Ms0_normalised_{size}_f64"], rtol=1e-4, atol=1e-5
    )
    scale = golden[f"M_inv_22_{size}_f64"][:, None]
    np.testing.assert_allclose(
        inverse * scale, golden[f"Ms_{size}_f64"][:, 0], rtol=1e-4, atol=1e-5
    )


def test_dense_image_warp_is_addons():
    golden = np.load(GOLDENS / "tfa_dense_image_warp.npz")
    for images, flow, expected in (
        ("image", "flow", "out"),
        ("image_1ch", "flow_1ch", "out_1ch"),
    ):
        np.testing.assert_allclose(
            values(warp.dense_image_warp(golden[images], golden[flow])),
            golden[expected],
            atol=2e-5,
        )
    first = golden["image"][: len(golden["flow_integer"])]
    np.testing.assert_array_equal(
        values(warp.dense_image_warp(first, golden["flow_integer"])),
        golden["out_integer"],
    )
    np.testing.assert_array_equal(
        values(warp.dense_image_warp(first, np.zeros_like(first[..., :2]))),
        golden["out_zero_flow"],
    )


def test_projective_warp_is_opencvs_to_another_size(rng):
    image = cv2.GaussianBlur(rng.random((20, 31, 3)), (0, 0), 2)
    matrix = np.array([[0.9, 0.1, 2], [-0.2, 1.1, 3], [0.002, -0.003, 1]])
    expected = cv2.warpPerspective(
        image, matrix, (27, 33), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    )
    ours = values(
        warp.projective_warp(
            image[None].astype("float32"),
            matrix[None].astype("float32"),
            output_size=(33, 27),
        )
    )[0]
    assert ours.shape == (33, 27, 3)
    # OpenCV rounds positions to 1/32 of a pixel.
    np.testing.assert_allclose(ours, expected, atol=0.05)
    assert np.abs(ours - expected).mean() < 2e-3


def random_corners(data, height, width):
    """A quadrilateral whose corners stay in their own quarters."""
    share = st.floats(-0.3, 0.3)
    moves = data.draw(st.lists(share, min_size=8, max_size=8))
    return np.float32(moves).reshape(1, 4, 2) * np.float32([width, height])


@settings(max_examples=50, deadline=None)
@given(data=st.data(), height=st.integers(8, 600), width=st.integers(8, 600))
def test_forward_then_inverse_is_the_identity(data, height, width):
    offsets = random_corners(data, height, width)
    forward, inverse = map(
        values, warp.corner_offsets_to_homographies(offsets, height, width)
    )
    corners = SQUARE * np.float32([width, height])
    pixel = 1e-4 * max(height, width)
    np.testing.assert_allclose(
        project(forward, corners + offsets), corners[None], atol=pixel
    )
    np.testing.assert_allclose(
        project(inverse, corners[None]), corners + offsets, atol=pixel
    )
    inside = np.float32([[[0.2, 0.3], [0.5, 0.5], [0.8, 0.4]]])
    inside = inside * np.float32([width, height])
    np.testing.assert_allclose(
        project(forward, project(inverse, inside)), inside, atol=pixel
    )
    for matrix in (forward, inverse):
        np.testing.assert_allclose(matrix[0, 2, 2], 1.0, rtol=1e-6)


@settings(max_examples=12, deadline=None)
@given(
    x=st.integers(-8, 8),
    y=st.integers(-8, 8),
    fill=st.sampled_from(["zeros", "edge"]),
)
def test_integer_shifts_are_exact(x, y, fill):
    images = np.random.default_rng(1).random((2, 6, 7, 3)).astype("float32")
    shifted = values(warp.projective_warp(images, translation(x, y), fill=fill))
    padded = np.pad(
        images,
        [(0, 0), (8, 8), (8, 8), (0, 0)],
        mode="edge" if fill == "edge" else "constant",
    )
    np.testing.assert_array_equal(
        shifted, padded[:, 8 + y : 14 + y, 8 + x : 15 + x]
    )
    flow = np.broadcast_to(np.float32([-y, -x]), (2, 6, 7, 2))
    moved = values(warp.dense_image_warp(images, flow))
    edges = np.pad(images, [(0, 0), (8, 8), (8, 8), (0, 0)], mode="edge")
    np.testing.assert_array_equal(
        moved, edges[:, 8 + y : 14 + y, 8 + x : 15 + x]
    )


def test_warp_and_back_keeps_a_smooth_image():
    y, x = np.mgrid[0:48, 0:64] / 64.0
    image = np.stack([np.sin(3 * x), y, x * y], axis=-1)[None]
    image = image.astype("float32")
    offsets = np.float32([[[3, 2], [-2, 4], [-4, -3], [2, -2]]])
    forward, inverse = warp.corner_offsets_to_homographies(offsets, 48, 64)
    back = warp.projective_warp(warp.projective_warp(image, forward), inverse)
    np.testing.assert_allclose(
        values(back)[:, 4:-4, 4:-4], image[:, 4:-4, 4:-4], atol=5e-3
    )


def test_forward_draws_the_image_inside_the_moved_corners():
    offsets = np.float32([[[10, 6], [-10, 6], [-10, -6], [10, -6]]])
    forward, _ = warp.corner_offsets_to_homographies(offsets, 30, 40)
    drawn = values(
        warp.projective_warp(np.ones((1, 30, 40, 1), "float32"), forward)
    )[0, :, :, 0]
    assert drawn[7:23, 11:29].min() > 0.999
    assert drawn[:5].max() == 0 and drawn[:, :9].max() == 0


def test_corners_in_any_order(rng):
    source = SQUARE[None] * 20 + rng.uniform(-4, 4, (3, 4, 2))
    target = SQUARE[None] * 30 + rng.uniform(-4, 4, (3, 4, 2))
    order = [2, 0, 3, 1]
    first, second = (
        values(
            warp.homography_from_corners(
                s.astype("float32"), t.astype("float32")
            )
        )
        for s, t in (
            (source, target),
            (source[:, order], target[:, order]),
        )
    )
    np.testing.assert_allclose(first, second, rtol=1e-3, atol=1e-3)
    for ours, s, t in zip(first, source, target, strict=True):
        expected = cv2.getPerspectiveTransform(
            s.astype("float32"), t.astype("float32")
        )
        np.testing.assert_allclose(ours, expected, rtol=1e-3, atol=1e-3)


def test_sampling_one_pixel_wide_images():
    images = np.float32([[[[3.0]], [[5.0]]]])  # [1, 2, 1, 1]
    x = np.float32([[[0.0, 0.5, -3.0]]])
    y = np.float32([[[0.5, 0.0, 1.0]]])
    np.testing.assert_allclose(
        values(warp.sample_bilinear(images, x, y))[0, 0, :, 0], [4, 1.5, 0]
    )
    np.testing.assert_allclose(
        values(warp.sample_bilinear(images, x, y, "edge"))[0, 0, :, 0],
        [4, 3, 5],
    )


def test_gradients(rng):
    images = rng.random((2, 7, 9, 2))
    offsets = rng.uniform(-1, 1, (2, 4, 2))
    for fill in ("zeros", "edge"):
        check_gradients(
            lambda images, offsets, fill=fill: warp.projective_warp(
                images,
                warp.corner_offsets_to_homographies(offsets, 7, 9)[0],
                fill=fill,
            ),
            images,
            offsets,
            tolerance=1e-5,
        )
    check_gradients(
        lambda offsets: warp.corner_offsets_to_homographies(offsets, 7, 9)[1],
        offsets,
        tolerance=1e-5,
    )
    check_gradients(
        warp.dense_image_warp, images, rng.uniform(-2, 2, (2, 7, 9, 2))
    )


def test_degenerate_geometry_stays_finite(rng):
    images = rng.random((3, 6, 6, 1)).astype("float32")
    matrices = np.float32(
        [
            np.zeros((3, 3)),
            # The horizon runs through the image, at x = 2.
            [[1, 0, 0], [0, 1, 0], [1, 0, -2]],
            [[1e30, 0, 0], [0, 1e30, 0], [0, 0, 1e-30]],
        ]
    )
    collapsed = np.float32([[[0, 0], [1, 1], [2, 2], [3, 3]], [[1, 1]] * 4])
    whole = np.repeat(SQUARE[None], 2, axis=0)
    for output, function, inputs in (
        (None, warp.projective_warp, [images, matrices]),
        (None, warp.homography_from_corners, [whole, collapsed]),
        (None, warp.homography_from_corners, [collapsed, whole]),
    ):
        output = values(function(*inputs))
        assert np.isfinite(output).all()
        for gradient in input_gradients(function, inputs):
            assert np.isfinite(gradient).all()


def test_compiled_with_any_batch_size(rng):
    function = compiled(
        lambda images, offsets: warp.projective_warp(
            images, warp.corner_offsets_to_homographies(offsets, 8, 10)[0]
        )
    )
    images = rng.random((3, 8, 10, 3)).astype("float32")
    offsets = rng.uniform(-1, 1, (3, 4, 2)).astype("float32")
    whole = values(function(images, offsets))
    np.testing.assert_allclose(
        values(function(images[:1], offsets[:1])), whole[:1], atol=1e-5
    )


def test_bad_arguments():
    images = np.zeros((1, 4, 5, 3), "float32")
    eye = np.eye(3, dtype="float32")[None]
    with pytest.raises(ValueError, match="fill"):
        warp.projective_warp(images, eye, fill="mirror")
    with pytest.raises(ValueError, match="homographies"):
        warp.projective_warp(images, eye[:, :2])
    with pytest.raises(ValueError, match="images"):
        warp.sample_bilinear(images[0], eye, eye)
    with pytest.raises(ValueError, match="flow"):
        warp.dense_image_warp(images, np.zeros((1, 5, 4, 2), "float32"))
    with pytest.raises(ValueError, match="target"):
        warp.homography_from_corners(SQUARE[None], SQUARE)
