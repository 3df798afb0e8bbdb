"""The differentiable WebP against libwebp."""

import io
from pathlib import Path

import numpy as np
import pytest
from keras import ops
from PIL import Image

from shared.ops.webp import AC_STEPS, DC_STEPS, quality_to_index, webp
from tests.contracts.gradients import compiled, input_gradients

ROOT = Path(__file__).parents[3]
PHOTOS = (
    ROOT / "stegastamp/assets/macaws.jpg",
    ROOT / "tests/stegastamp/data/window.jpg",
)


def test_tables_are_those_of_the_format():
    # RFC 6386, section 14.1.
    assert (DC_STEPS[0], DC_STEPS[127]) == (4, 157)
    assert (AC_STEPS[0], AC_STEPS[127]) == (4, 284)
    assert len(DC_STEPS) == len(AC_STEPS) == 128
    for table in (DC_STEPS, AC_STEPS):
        assert (np.diff(table) >= 0).all()


def test_a_higher_quality_has_smaller_steps():
    index = ops.convert_to_numpy(
        quality_to_index(np.arange(101, dtype="float32"))
    )
    assert (np.diff(index) < 0).all()
    assert index[0] > 120 and abs(index[100]) < 1e-3


@pytest.mark.parametrize("quality", [10, 30, 50, 75, 90])
def test_photos_lose_about_what_libwebp_takes(quality):
    real, ours = [], []
    for path in PHOTOS:
        photo = np.asarray(Image.open(path).convert("RGB"))[:256, :384]
        file = io.BytesIO()
        Image.fromarray(photo).save(file, "WEBP", quality=quality)
        coded = np.asarray(Image.open(file).convert("RGB"), np.float32)
        real.append(np.sqrt(np.mean(np.square(coded - photo))))
        seen = webp(photo[None].astype("float32") / 255, float(quality))
        seen = 255 * ops.convert_to_numpy(seen)[0]
        ours.append(np.sqrt(np.mean(np.square(seen - photo))))
    # Most at quality 10, where prediction saves libwebp most.
    assert 0.9 < np.mean(ours) / np.mean(real) < 1.35


def test_any_size_and_a_quality_for_each_image():
    images = np.random.default_rng(0).random((2, 17, 5, 3), "float32")
    both = ops.convert_to_numpy(webp(images, np.array([5, 95], "float32")))
    assert both.shape == images.shape
    for image, quality, seen in zip(images, (5.0, 95.0), both, strict=True):
        alone = ops.convert_to_numpy(webp(image[None], quality))[0]
        np.testing.assert_allclose(seen, alone, atol=1e-5)
    errors = np.abs(both - images).mean(axis=(1, 2, 3))
    assert errors[0] > 1.3 * errors[1]


def test_the_gradient_is_that_of_the_identity():
    images = 0.4 + 0.2 * np.random.default_rng(0).random((1, 16, 16, 3))
    images = images.astype("float32")
    (gradient,) = input_gradients(lambda x: ops.sum(webp(x, 60.0)), [images])
    # Gray is passed on; colour through its halved planes, whose sum is kept.
    np.testing.assert_allclose(ops.convert_to_numpy(gradient), 1, atol=0.05)


def test_it_compiles():
    images = np.random.default_rng(0).random((1, 20, 20, 3), "float32")
    np.testing.assert_allclose(
        ops.convert_to_numpy(compiled(lambda x: webp(x, 50.0))(images)),
        ops.convert_to_numpy(webp(images, 50.0)),
        atol=1e-4,
    )
