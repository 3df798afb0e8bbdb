"""The YUV loss against the original's values and its own contract."""

from pathlib import Path

import numpy as np
from keras import ops

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
