"""The differentiable JPEG against the original, a plain one, and libjpeg."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from keras import ops

from benchmarks.jpeg_fidelity import measure
from shared.ops import jpeg as jpeg_module
from shared.ops.jpeg import jpeg, quality_to_factor
from tests.contracts.gradients import check_gradients, compiled, input_gradients

GOLDENS = Path(__file__).parent / "goldens"


@pytest.fixture
def rng():
    return np.random.default_rng(21)


def values(tensor):
    return ops.convert_to_numpy(tensor)


@pytest.mark.parametrize("name", ["stega_jpeg_64x64", "stega_jpeg_72x88"])
def test_is_stegastamps_on_the_transposed_image(name):
    # Its luma table is transposed, its frequencies are not. Everything else
    # is the same in both directions, so a transposed image puts that right.
    golden = np.load(GOLDENS / f"{name}.npz")
    images = golden["image"].transpose(0, 2, 1, 3)
    keys = [key for key in golden.files if key != "image"]
    assert len(keys) >= 2
    for key in keys:
        _, quality, rounding, subsampling = key.split("_")
        ours = jpeg(
            images,
            int(quality[1:]),
            {"ds1": "420", "ds0": "444"}[subsampling],
            {"r0": "cubic_zero", "dr": "cubic"}[rounding],
        )
        np.testing.assert_allclose(
            values(ours).transpose(0, 2, 1, 3),
            golden[key],
            atol=1e-5,
            err_msg=key,
        )


def test_parts_are_stegastamps():
    golden = np.load(GOLDENS / "stega_utils.npz")
    np.testing.assert_array_equal(jpeg_module.LUMA_TABLE.T, golden["y_table"])
    np.testing.assert_array_equal(jpeg_module.CHROMA_TABLE, golden["c_table"])
    np.testing.assert_allclose(
        values(quality_to_factor(golden["quality"])),
        golden["quality_to_factor"],
        atol=1e-6,
        rtol=1e-6,
    )
    np.testing.assert_allclose(
        values(jpeg_module._round_cubic_zero(golden["x"])),
        golden["round_only_at_0"],
        atol=1e-5,
    )
    np.testing.assert_allclose(
        values(jpeg_module._round_cubic(golden["x"])),
        golden["diff_round"],
        atol=1e-5,
    )


def plain_jpeg(image, quality, subsampling):
    """The same codec with "cubic" rounding, block by block in float64."""
    height, width, _ = image.shape
    side = 16 if subsampling == "420" else 8
    image = np.pad(
        image.astype("float64"),
        [(0, -height % side), (0, -width % side), (0, 0)],
        mode="symmetric",
    )
    red, green, blue = (255 * image).transpose(2, 0, 1)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue - 128
    planes = [
        luma,
        -0.168736 * red - 0.331264 * green + 0.5 * blue,
        0.5 * red - 0.418688 * green - 0.081312 * blue,
    ]
    factor = 50 / quality if quality < 50 else 2 - quality / 50
    for index, plane in enumerate(planes):
        halved = index > 0 and subsampling == "420"
        table = jpeg_module.CHROMA_TABLE if index else jpeg_module.LUMA_TABLE
        steps = np.clip(table * factor, 1, 255)
        if halved:
            plane = cv2.resize(
                plane, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA
            )
        for row in range(0, plane.shape[0], 8):
            for column in range(0, plane.shape[1], 8):
                block = plane[row : row + 8, column : column + 8]
                scaled = cv2.dct(block) / steps
                nearest = np.round(scaled)
                scaled = nearest + (scaled - nearest) ** 3
                plane[row : row + 8, column : column + 8] = cv2.idct(
                    scaled * steps
                )
        planes[index] = plane.repeat(2, 0).repeat(2, 1) if halved else plane
    luma, blue, red = planes
    luma = luma + 128
    rgb = [
        luma + 1.402 * red,
        luma - 0.344136 * blue - 0.714136 * red,
        luma + 1.772 * blue,
    ]
    rgb = np.stack(rgb, axis=-1)[:height, :width]
    return np.clip(rgb / 255, 0, 1)


@pytest.mark.parametrize("subsampling", ["420", "444"])
@pytest.mark.parametrize("size", [(64, 72), (17, 5), (1, 1), (16, 33)])
def test_any_size(rng, size, subsampling):
    image = rng.random((*size, 3)).astype("float32")
    image = cv2.GaussianBlur(image, (0, 0), 1.5).reshape(*size, 3)
    for quality in (20, 80):
        ours = values(jpeg(image[None], quality, subsampling, "cubic"))[0]
        assert ours.shape == image.shape
        error = np.abs(ours - plain_jpeg(image, quality, subsampling))
        # A coefficient at x.5 may round either way in float32.
        assert np.mean(error > 1e-4) < 0.05
        assert np.median(error) < 1e-5


@pytest.mark.parametrize(("height", "width"), [(40, 16), (16, 21), (33, 47)])
def test_only_pixels_at_the_padding_feel_it(height, width):
    rng = np.random.default_rng(height * 41 + width)
    image = rng.random((1, height, width, 3)).astype("float32")
    ours = values(jpeg(image, 60))
    assert ours.shape == image.shape
    rows, columns = height // 16 * 16, width // 16 * 16
    np.testing.assert_allclose(
        ours[:, :rows, :columns],
        values(jpeg(image[:, :rows, :columns], 60)),
        atol=1e-5,
    )


def test_quality_per_image(rng):
    images = rng.random((3, 24, 16, 3)).astype("float32")
    qualities = np.float32([10, 55, 95])
    together = values(jpeg(images, qualities))
    apart = [
        values(jpeg(image[None], float(quality)))[0]
        for image, quality in zip(images, qualities, strict=True)
    ]
    np.testing.assert_allclose(together, apart, atol=1e-5)
    errors = np.abs(together - images).mean(axis=(1, 2, 3))
    assert errors[0] > errors[1] > errors[2]


def test_best_quality_keeps_smooth_photos(photo):
    # Quality 100 has steps of one, not zero: no division by zero, and an
    # error of rounding size.
    smooth = cv2.GaussianBlur(photo, (0, 0), 3)[None] / np.float32(255)
    ours = values(jpeg(smooth, 100, "444", "cubic"))
    assert np.abs(ours - smooth).mean() * 255 < 1.0


def test_grey_stays_grey(rng):
    grey = np.repeat(rng.random((1, 16, 16, 1)), 3, axis=-1)
    ours = values(jpeg(grey.astype("float32"), 30))
    np.testing.assert_allclose(ours.std(axis=-1), 0, atol=1e-4)


# Mean absolute errors, 0..255, for "cubic_zero" and "cubic": a tenth or two
# above what the drawn photo measures. Twelve Kodak photos give much the same,
# see benchmarks/jpeg_fidelity.py.
CODEC_BOUNDS = {
    10: (5.1, 2.2),
    25: (2.7, 1.5),
    50: (2.2, 1.5),
    75: (1.8, 1.6),
    90: (1.9, 1.7),
}


@pytest.mark.parametrize("quality", CODEC_BOUNDS)
def test_tracks_libjpeg(photo, quality):
    errors = measure(photo, quality)
    cubic_zero, cubic = CODEC_BOUNDS[quality]
    assert errors["cubic_zero"] < cubic_zero
    assert errors["cubic"] < cubic
    assert errors["cubic"] < errors["libjpeg_damage"]


@pytest.mark.parametrize("rounding", ["cubic_zero", "cubic"])
@pytest.mark.parametrize("subsampling", ["420", "444"])
def test_gradients(rng, rounding, subsampling):
    images = rng.uniform(0.3, 0.7, (2, 17, 10, 3))
    qualities = np.array([40.3, 80.1])
    check_gradients(
        lambda images: jpeg(images, qualities, subsampling, rounding),
        images,
        step=1e-7,
        tolerance=1e-5,
    )


def test_gradients_are_finite_on_flat_images():
    flat = np.float32([0, 1, 0.5, 128 / 255])[:, None, None, None]
    flat = np.broadcast_to(flat, (4, 16, 16, 3))
    for rounding in ("cubic_zero", "cubic"):
        (slopes,) = input_gradients(
            lambda images, rounding=rounding: jpeg(
                images, 50, rounding=rounding
            ),
            [flat],
        )
        assert np.isfinite(slopes).all()


def test_low_precision_images_are_computed_in_float32(rng):
    images = ops.cast(rng.random((1, 16, 16, 3)), "bfloat16")
    np.testing.assert_allclose(
        values(jpeg(images, 50)),
        values(jpeg(ops.cast(images, "float32"), 50)),
        atol=1e-6,
    )


def test_compiled(rng):
    images = rng.random((2, 20, 16, 3)).astype("float32")
    qualities = np.float32([30, 70])
    np.testing.assert_allclose(
        values(compiled(jpeg)(images, qualities)),
        values(jpeg(images, qualities)),
        atol=1e-5,
    )


@pytest.mark.tensorflow
def test_graph_with_an_open_batch_size(rng):
    import tensorflow as tf

    graph = tf.function(
        jpeg,
        input_signature=[
            tf.TensorSpec((None, 20, 16, 3)),
            tf.TensorSpec((None,)),
        ],
    )
    images = rng.random((3, 20, 16, 3)).astype("float32")
    qualities = np.float32([30, 70, 90])
    whole = values(graph(images, qualities))
    np.testing.assert_allclose(
        values(graph(images[:2], qualities[:2])), whole[:2], atol=1e-5
    )


def test_bad_arguments():
    images = np.zeros((1, 16, 16, 3), "float32")
    with pytest.raises(ValueError, match="subsampling"):
        jpeg(images, 50, "422")
    with pytest.raises(ValueError, match="rounding"):
        jpeg(images, 50, rounding="round")
    for quality in (0, 101, -3.5):
        with pytest.raises(ValueError, match="quality"):
            jpeg(images, quality)
    for wrong in (images[0], images[..., :1]):
        with pytest.raises(ValueError, match="images"):
            jpeg(wrong, 50)
