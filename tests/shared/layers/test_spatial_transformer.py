"""SpatialTransformer: identity, an independent sampler, training, export."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers, ops
from scipy.ndimage import map_coordinates

from shared.layers.spatial_transformer import SpatialTransformer, affine_warp
from tests.contracts.gradients import weight_gradients
from tests.contracts.layers import check_layer
from tests.contracts.losses import check_loss

GOLDENS = Path(__file__).parent / "goldens"
IDENTITY = np.array([1, 0, 0, 0, 1, 0], "float32")
rng = np.random.default_rng(8)


def pictures(count, height, width, channels=3):
    shape = (count, height, width, channels)
    return rng.uniform(size=shape).astype("float32")


def oracle(image, theta):
    """One image by scipy, from normalised positions and aligned corners."""
    height, width, channels = image.shape
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    a, b, c, d, e, f = (float(value) for value in theta)
    columns = (a * x + b * y + c + 1) * (width - 1) / 2
    rows = (d * x + e * y + f + 1) * (height - 1) / 2
    # A border of zeros makes neighbours outside count as zero.
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)))
    return np.stack(
        [
            map_coordinates(
                padded[..., channel], [rows + 1, columns + 1], order=1
            )
            for channel in range(channels)
        ],
        axis=-1,
    )


@pytest.mark.parametrize("size", [(16, 16), (12, 21), (1, 9), (7, 1)])
def test_identity_returns_the_input(size):
    images = pictures(2, *size)
    theta = np.tile(IDENTITY, (2, 1))
    np.testing.assert_array_equal(affine_warp(images, theta), images)


def test_equals_scipy():
    images = pictures(6, 17, 26)
    theta = (IDENTITY + rng.normal(0, 0.4, (6, 6))).astype("float32")
    expected = [
        oracle(image, row) for image, row in zip(images, theta, strict=True)
    ]
    np.testing.assert_allclose(
        affine_warp(images, theta), np.stack(expected), atol=1e-4
    )


def test_differs_from_the_original_by_its_zoom_alone():
    """The stn package maps 1 to the last pixel but one: scaling says how."""
    golden = np.load(GOLDENS / "stega_stn.npz")
    images, theta = golden["image"], golden["theta"].copy()
    side = images.shape[1]
    share = (side - 2) / (side - 1)
    # Their position p sits at share * (p + 1) - 1 of ours.
    theta *= share
    theta[:, [2, 5]] += share - 1
    ours = ops.convert_to_numpy(affine_warp(images, theta))
    # Outside and on the outermost pixels theirs drops to 0 at once.
    inside = _inside(theta, side)
    assert inside.mean() > 0.3
    np.testing.assert_allclose(ours[inside], golden["out"][inside], atol=1e-4)


def _inside(theta, side):
    grid = np.linspace(-1, 1, side)
    x, y = np.meshgrid(grid, grid)
    points = np.stack([x, y, np.ones_like(x)])
    positions = np.einsum("nij,jhw->nihw", theta.reshape(-1, 2, 3), points)
    limit = 1 - 3.0 / side
    return (np.abs(positions) < limit).all(axis=1)


def test_a_shift_of_the_grid_moves_the_picture():
    images = pictures(1, 9, 9, 1)
    theta = IDENTITY[None].copy()
    theta[0, 2] = 2 * 2 / 8  # two pixels of the eight between the corners
    moved = ops.convert_to_numpy(affine_warp(images, theta))
    np.testing.assert_allclose(moved[:, :, :-2], images[:, :, 2:], atol=1e-6)
    assert (moved[:, :, -2:] == 0).all()


def test_sampler_gradients():
    images = pictures(2, 12, 15)
    theta = (IDENTITY + rng.normal(0, 0.1, (2, 6))).astype("float32")
    check_loss(
        lambda a, b: ops.mean(affine_warp(a, b) ** 2, axis=(1, 2, 3)),
        images,
        theta,
        (2,),
    )


def test_layer_starts_as_the_identity_and_trains():
    images = pictures(2, 24, 32)
    layer = SpatialTransformer()
    np.testing.assert_array_equal(layer(images), images)
    gradients = weight_gradients(layer, images)
    matrix = [path for path in gradients if gradients[path].shape == (128, 6)]
    bias = [path for path in gradients if gradients[path].shape == (6,)]
    assert len(gradients) == 10 and len(matrix) == len(bias) == 1
    assert np.abs(gradients[matrix[0]]).max() > 0
    assert np.abs(gradients[bias[0]]).max() > 0


def small_localisation():
    return keras.Sequential(
        [
            layers.Conv2D(4, 3, strides=2, activation="tanh"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(
                6,
                kernel_initializer="he_normal",
                bias_initializer=keras.initializers.Constant(0.6),
            ),
        ]
    )


def test_layer_contract(tmp_path):
    images = pictures(2, 16, 24)
    check_layer(
        SpatialTransformer,
        {"localisation": small_localisation()},
        images,
        tmp_path,
    )


def test_default_layer_saves(tmp_path):
    inputs = keras.Input((16, 24, 3))
    model = keras.Model(inputs, SpatialTransformer()(inputs))
    for variable in model.trainable_variables:
        variable.assign_add(rng.normal(0, 0.02, variable.shape))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    images = pictures(2, 16, 24)
    before = ops.convert_to_numpy(model(images))
    assert np.abs(before - images).max() > 1e-3
    np.testing.assert_allclose(loaded(images), before, atol=1e-6)


@pytest.mark.tensorflow
def test_graph_samples_by_gather():
    """`ImageProjectiveTransformV3` has no ONNX counterpart."""
    import tensorflow as tf

    layer = SpatialTransformer()
    function = tf.function(layer).get_concrete_function(
        tf.TensorSpec([None, 16, 24, 3])
    )
    names = {node.op for node in function.graph.as_graph_def().node}
    assert "GatherV2" in names
    assert not any("ProjectiveTransform" in name for name in names)


def test_refuses_wrong_shapes():
    with pytest.raises(ValueError, match="theta"):
        affine_warp(np.zeros((1, 4, 4, 3), "f"), np.zeros((1, 2, 3), "f"))
    with pytest.raises(ValueError, match="images"):
        affine_warp(np.zeros((4, 4, 3), "f"), np.zeros((1, 6), "f"))
