"""Layers against the reference's answers, and what every layer must keep."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from agns.frames import load_mask, place, wear
from agns.layers.black_padding import BlackPadding
from agns.layers.conv_norm_relu import ConvNormRelu
from agns.layers.face_adder import FaceAdder
from agns.layers.inception_module import InceptionModule
from agns.layers.inception_module_shrink import InceptionModuleShrink
from agns.layers.l2_normalization import L2Normalization
from agns.layers.l2_pooling import L2Pooling
from agns.layers.local_response_normalization import (
    LocalResponseNormalization,
)
from agns.layers.minibatch_discrimination import MinibatchDiscrimination
from agns.layers.resizer import Resizer
from agns.marks import photo_to_canvas
from shared.images import read_photo
from tests.contracts.gradients import check_learns, input_gradients
from tests.contracts.layers import check_layer

FOLDER = Path(__file__).parent
PHOTOS = FOLDER.parent.parent / "agns" / "assets" / "marked"


def golden(name):
    with np.load(FOLDER / "goldens" / f"{name}.npz") as arrays:
        return dict(arrays)


def close(ours, theirs, atol=1e-4):
    np.testing.assert_allclose(
        ops.convert_to_numpy(ours), theirs, rtol=1e-4, atol=atol
    )


def features(*shape, scale=1.0):
    random = np.random.default_rng(3)
    return (scale * random.normal(size=shape)).astype("float32")


@pytest.mark.parametrize("kind", ["lrn_in", "lrn_in_large"])
def test_local_response_normalization(kind):
    arrays = golden("layers")
    close(
        LocalResponseNormalization()(arrays[kind]),
        arrays[kind.replace("in", "out")],
    )


@pytest.mark.tensorflow
def test_local_response_normalization_is_tensorflows_own():
    import tensorflow as tf

    x = features(2, 3, 4, 9, scale=30.0)
    close(
        LocalResponseNormalization(2, 0.5, 0.01, 0.6)(x),
        tf.nn.local_response_normalization(x, 2, 0.5, 0.01, 0.6),
    )


def test_l2_pooling():
    arrays = golden("layers")
    close(L2Pooling()(arrays["l2pool_in"]), arrays["l2pool_out"])


def test_l2_pooling_has_a_slope_at_zero():
    (gradient,) = input_gradients(
        L2Pooling(), [np.zeros((1, 4, 5, 2), "float32")]
    )
    assert np.isfinite(gradient).all()


def test_l2_normalization_is_per_example():
    arrays = golden("layers")
    layer = L2Normalization()
    x = arrays["l2norm_in"]
    close(layer(x), arrays["l2norm_per_row_for_comparison"])
    close(layer(x[:1]), arrays["l2norm_per_row_for_comparison"][:1])


PATHS = {
    "point": ("reduce_conv_out", "rco_bn"),
    "reduce_3": ("reduce_3", "r3_bn"),
    "3": ("out_3", "o3_bn"),
    "reduce_5": ("reduce_5", "r5_bn"),
    "5": ("out_5", "o5_bn"),
    "pool_out": ("pool_out", "po_bn"),
}
SHRINK_PATHS = {
    "reduce_3": ("reduce3", "r3_bn"),
    "3": ("conv3", "c3_bn"),
    "reduce_5": ("reduce5", "r5_bn"),
    "5": ("conv5", "c5_bn"),
}


def load_units(layer, arrays, prefix, names):
    for path in layer.paths:
        for unit in path:
            if isinstance(unit, ConvNormRelu):
                convolution, norm = names[unit.name]
                unit.set_weights(
                    [
                        arrays[f"{prefix}.{part}"]
                        for part in (
                            f"{convolution}.kernel",
                            f"{convolution}.bias",
                            f"{norm}.gamma",
                            f"{norm}.beta",
                            f"{norm}.moving_mean",
                            f"{norm}.moving_variance",
                        )
                    ]
                )


@pytest.mark.parametrize("prefix", ["inc4_max", "inc4_l2", "inc3_l2"])
def test_inception_module(prefix):
    arrays = golden("inception_small")
    five = (3, 4) if prefix.startswith("inc4") else None
    layer = InceptionModule(5, (6, 8), five, 4, prefix[5:])
    layer.build(arrays["x"].shape)
    load_units(layer, arrays, prefix, PATHS)
    close(layer(arrays["x"]), arrays[f"{prefix}.out_inference"])


def test_inception_module_shrink():
    arrays = golden("inception_small")
    layer = InceptionModuleShrink((5, 8), (3, 6))
    layer.build(arrays["x"].shape)
    load_units(layer, arrays, "shrink", SHRINK_PATHS)
    close(layer(arrays["x"]), arrays["shrink.out_inference"])


def test_minibatch_discrimination():
    arrays = golden("minibatch_discrimination")
    layer = MinibatchDiscrimination()
    layer.build(arrays["x"].shape)
    layer.set_weights([arrays["kernel"], arrays["bias"]])
    close(layer(arrays["x"]), arrays["out"])


def test_black_padding():
    arrays = golden("pad_glasses")
    padded = BlackPadding()(arrays["glasses"][None])[0]
    close(padded, arrays["padded"], atol=1e-6)
    mask = load_mask()
    masked = ops.convert_to_numpy(
        BlackPadding(mask=mask)(arrays["glasses"][None])
    )
    assert (masked[0][mask == 0] == -1).all()
    np.testing.assert_allclose(
        masked, place(arrays["glasses"][None], mask), atol=1e-6
    )


@pytest.mark.parametrize("name", ["out_24x20_zero_base", "out_96"])
def test_resizer(name):
    arrays = golden("resizer")
    height, width = arrays[name].shape[1:3]
    layer = Resizer(height, width, zero_base=name.endswith("base"))
    close(layer(arrays["image"]), arrays[name])


def test_face_adder_merges_as_the_reference():
    arrays = golden("merge_mask")
    # The reference puts image b where the mask is white.
    side = 56
    mask = arrays["mask"][:, :side, 0]
    inside, outside = arrays["img_b"][:, :side], arrays["img_a"][:, :side]
    merged = arrays["merged"][:, :side]
    glasses = (inside + 1) * mask[..., None] - 1
    worn = FaceAdder(side, mask)(glasses[None], (outside[None] + 1) / 2)
    close((ops.convert_to_numpy(worn)[0] + 1) / 2, merged)


def test_worn_glasses_lie_where_the_photographed_ones_do():
    arrays = golden("green_marks_demo")
    photo = read_photo(PHOTOS / str(arrays["file_names"][0])).pixels
    face = photo.astype("float32") / 255
    mask = load_mask()
    homography = photo_to_canvas(arrays["centers_xy"][0]).astype("float32")
    layer = FaceAdder(224, mask)
    black = np.full((1, 224, 224, 3), -1, "float32")
    worn = layer(black, face[None], homography[None])
    cut = (ops.convert_to_numpy(worn)[0] + 1) / 2
    # OpenCV, which made the golden, rounds positions to 1/32 of a pixel.
    close(cut[::4, ::4], arrays["cut_img_first_every4"], atol=0.03)
    padded = BlackPadding()(arrays["glasses"][None])
    whole = FaceAdder()(padded, np.zeros_like(face)[None], homography[None])
    wanted = arrays["glasses_padded_warped_first"]
    inside = arrays["warped_mask_first_ch0"][::2, ::2] > 0.99
    close(
        ops.convert_to_numpy(whole)[0, ::2, ::2][inside],
        wanted[inside],
        atol=1e-2,
    )


@pytest.mark.parametrize("physical", [False, True])
def test_numpy_and_the_layers_agree(physical):
    random = np.random.default_rng(0)
    glasses = random.uniform(-1, 1, (2, 64, 176, 3)).astype("float32")
    faces = random.random((2, 224, 224, 3)).astype("float32")
    mask = load_mask()
    warps = None
    if physical:
        warps = np.array(
            [
                [[1.02, 0.03, -4], [-0.01, 0.97, 3], [1e-4, 0, 1]],
                [[0.96, 0, 5], [0, 1, -2], [0, 0, 1]],
            ],
            "float32",
        )
    canvas = BlackPadding(mask=mask)(glasses)
    extra = () if warps is None else (warps,)
    worn = FaceAdder(224, mask)(canvas, faces, *extra)
    ours = wear(glasses, faces, mask, warps)
    difference = np.abs((ops.convert_to_numpy(worn) + 1) / 2 - ours)
    assert difference.max() < (0.05 if physical else 1e-5)
    assert difference.mean() < 1e-3


def test_a_mask_of_another_size_is_refused():
    for layer in (BlackPadding, FaceAdder):
        with pytest.raises(ValueError, match=r"shape=\(8, 9\)"):
            layer(mask=np.ones((8, 9)))
    with pytest.raises(ValueError, match="faces"):
        FaceAdder(8)(np.ones((1, 8, 8, 3)), np.ones((1, 9, 9, 3)))


@keras.saving.register_keras_serializable(package="agns_test")
class OneInput(FaceAdder):
    """A FaceAdder whose glasses, faces and warps come in one tensor."""

    def build(self, input_shape):
        shape = (input_shape[0], self.size, self.size, 3)
        super().build(shape, shape)

    def call(self, inputs):
        turn = np.array([[0.9, 0.1, 0.4], [-0.1, 0.9, 0.7], [0, 0, 1]])
        warps = ops.repeat(
            ops.convert_to_tensor(turn[None].astype("float32")),
            ops.shape(inputs)[0],
            axis=0,
        )
        return super().call(inputs[..., :3], inputs[..., 3:], warps)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 3)


CONTRACTS = {
    "lrn": (LocalResponseNormalization, {"radius": 2}, (2, 5, 6, 7)),
    "l2_pooling": (L2Pooling, {}, (2, 5, 6, 3)),
    "l2_normalization": (L2Normalization, {}, (3, 7)),
    "conv": (ConvNormRelu, {"filters": 4, "kernel_size": 3}, (2, 5, 6, 3)),
    "inception": (
        InceptionModule,
        {
            "point": 3,
            "three": (2, 4),
            "five": (2, 3),
            "pool": 2,
            "pooling": "l2",
        },
        (2, 5, 6, 3),
    ),
    "shrink": (
        InceptionModuleShrink,
        {"three": (3, 4), "five": (2, 3)},
        (2, 6, 5, 3),
    ),
    # The bias moves all points alike: its gradient is nothing but rounding.
    "minibatch": (
        MinibatchDiscrimination,
        {"kernels": 4, "dims": 2, "use_bias": False},
        (3, 5),
    ),
    "padding": (
        BlackPadding,
        {"canvas": 16, "top": 3, "left": 2},
        (2, 6, 9, 3),
    ),
    "face_adder": (OneInput, {"size": 8}, (2, 8, 8, 6)),
    "resizer": (Resizer, {"height": 5, "width": 9}, (2, 7, 6, 3)),
}


@pytest.mark.parametrize("name", CONTRACTS)
def test_contract(name, tmp_path):
    layer_class, config, shape = CONTRACTS[name]
    check_layer(layer_class, config, features(*shape), tmp_path)


def test_the_minibatch_features_teach_the_projection():
    layer = MinibatchDiscrimination(4, 2)
    layer.build((3, 5))
    (gradient,) = input_gradients(lambda x: layer(x)[:, 5:], [features(3, 5)])
    check_learns({"input": gradient})


@pytest.mark.parametrize(
    "make",
    [
        lambda: LocalResponseNormalization(radius=-1),
        lambda: L2Pooling(epsilon=0),
        lambda: MinibatchDiscrimination(kernels=0),
        lambda: InceptionModule(1, (1, 1), None, 1, pooling="mean"),
    ],
)
def test_bad_arguments_are_refused(make):
    with pytest.raises(ValueError, match="Received"):
        make()
