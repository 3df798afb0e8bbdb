"""The YUV loss against the original's values and its own contract."""

from pathlib import Path

import numpy as np
import pytest
from keras import ops

from shared.losses.edges import edge_falloff
from shared.losses.yuv import yuv_loss
from tests.contracts.losses import check_loss

GOLDENS = Path(__file__).parent / "goldens"
rng = np.random.default_rng(3)


def test_original_values():
    golden = np.load(GOLDENS / "stega_yuv_loss.npz")
    falloff = np.load(GOLDENS / "stega_falloff.npz")["falloff_64x64"]
    for gain, scales, channels, total in zip(
        golden["edge_gain"],
        golden["yuv_scales"],
        golden["yuv_loss"],
        golden["image_loss"],
        strict=True,
    ):
        loss = ops.convert_to_numpy(
            yuv_loss(
                golden["image_input"],
                golden["encoded_image"],
                gain,
                falloff=falloff,
            )
        ).mean(axis=0)
        np.testing.assert_allclose(loss, channels, rtol=1e-4)
        np.testing.assert_allclose(np.dot(loss, scales), total, rtol=1e-4)


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


def test_gain_raises_the_border_alone():
    images = rng.uniform(size=(1, 32, 48, 3)).astype("float32")
    middle, border = images.copy(), images.copy()
    middle[:, 16, 24] += 0.25
    border[:, 0, 24] += 0.25
    for edge_gain in (0.0, 10.0):
        np.testing.assert_allclose(
            yuv_loss(images, border, edge_gain),
            (1 + edge_gain) ** 2
            * ops.convert_to_numpy(yuv_loss(images, middle, edge_gain)),
            rtol=1e-4,
            atol=1e-12,
        )


def test_contract():
    images = rng.uniform(size=(3, 20, 28, 3)).astype("float32")
    others = rng.uniform(size=images.shape).astype("float32")
    check_loss(
        lambda a, b: yuv_loss(a, b, edge_gain=3.5), images, others, (3, 3)
    )
    assert (ops.convert_to_numpy(yuv_loss(images, images, 10.0)) == 0).all()
