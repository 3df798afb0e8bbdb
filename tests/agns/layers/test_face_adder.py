"""Faces wear glasses as in the reference, and as in numpy."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from agns import align
from agns.frames import load_mask, wear
from agns.layers.black_padding import BlackPadding
from agns.layers.face_adder import FaceAdder
from agns.marks import photo_to_canvas
from shared.images import read_photo
from tests.agns.answers import close, features, golden
from tests.contracts.layers import check_layer

PHOTOS = Path(align.__file__).parent / "assets" / "marked"


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


def test_faces_of_another_size_are_refused():
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


def test_contract(tmp_path):
    check_layer(OneInput, {"size": 8}, features(2, 8, 8, 6), tmp_path)
