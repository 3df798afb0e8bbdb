"""ENet: exact weight counts, shapes and outputs of the PyTorch original."""

import json
import zlib
from pathlib import Path

import keras
import numpy as np
import pytest

from shared.segmentation import enet
from shared.segmentation.enet import build_enet
from tests.shared.segmentation.torch_names import keras_layout, keras_path

GOLDENS = Path(__file__).parent / "goldens"


def set_state(model, state):
    """Sets each weight of a model; all of them, and each once."""
    variables = {
        v.path: v for v in model.variables if "seed_generator" not in v.path
    }
    arrays = {}
    for key, array in state.items():
        path = keras_path(key)
        assert path not in arrays
        arrays[path] = keras_layout(array, path)
    assert variables.keys() == arrays.keys()
    for path, variable in variables.items():
        variable.assign(arrays[path])


def drawn_state(golden):
    """The seeded weights of the golden, as its README draws them."""
    model = build_enet(64, 64, 12)
    shapes = {
        v.path: tuple(v.shape)
        for v in model.variables
        if "seed_generator" not in v.path
    }
    state = {}
    for key in map(str, golden["state_keys"]):
        if key.endswith("num_batches_tracked"):
            continue
        path = keras_path(key)
        shape = shapes[path]
        if path.endswith("kernel"):
            shape = (shape[3], shape[2], shape[0], shape[1])
        elif path.endswith("alpha"):
            shape = (1,)
        seed = (zlib.crc32(key.encode()) + int(golden["seed_base"])) % 2**32
        random = np.random.RandomState(seed)
        kind = path.rsplit("/")[-1]
        if kind in ("gamma", "moving_variance", "alpha"):
            low, high = {
                "gamma": (0.8, 1.2),
                "moving_variance": (0.5, 1.5),
                "alpha": (0.1, 0.4),
            }[kind]
            array = random.uniform(low, high, shape)
        elif kind == "kernel":
            array = random.normal(0, np.sqrt(0.7 / np.prod(shape[1:])), shape)
        else:
            array = random.normal(0, 0.1, shape)
        state[key] = array.astype("float32")
    return model, state


def test_the_whole_network_equals_the_original():
    golden = np.load(GOLDENS / "enet_full_seeded.npz")
    model, state = drawn_state(golden)
    sums = dict(
        zip(map(str, golden["state_keys"]), golden["state_sums"], strict=True)
    )
    for key, array in state.items():
        np.testing.assert_allclose(array.sum(), sums[key], rtol=1e-4, atol=1e-4)
    set_state(model, state)
    last = {"initial_block": "initial_block_act"}
    names = [
        last.get(name, f"{name}_out")
        for name in map(str, golden["stage_names"][:-1])
    ]
    stages = keras.Model(
        model.input,
        [*(model.get_layer(name).output for name in names), model.output],
    )
    outputs = [np.asarray(o) for o in stages(golden["x_nhwc"])]
    by_name = dict(zip(map(str, golden["stage_names"]), outputs, strict=True))
    np.testing.assert_allclose(
        [o.mean() for o in outputs], golden["stage_mean"], atol=1e-4
    )
    np.testing.assert_allclose(
        [o.std() for o in outputs], golden["stage_std"], rtol=1e-4
    )
    np.testing.assert_allclose(
        by_name["regular3_0"], golden["stage_regular3_0_nhwc"], atol=1e-4
    )
    np.testing.assert_allclose(
        by_name["upsample4_0"][..., :8],
        golden["stage_upsample4_0_nhwc_first8ch"],
        atol=1e-4,
    )
    np.testing.assert_allclose(outputs[-1], golden["logits_nhwc"], atol=1e-4)


def test_each_block_equals_the_original():
    golden = np.load(GOLDENS / "enet_blocks.npz")
    image = keras.Input((32, 48, 3))
    outputs = {}
    x = outputs["initial"] = enet.initial_block(image, "initial")
    x, positions = enet.downsampling_block(x, 32, 0.0, "down")
    outputs["down"] = x
    x = outputs["regular"] = enet.regular_block(x, 0.0, "regular")
    x = enet.regular_block(x, 0.0, "dilated", dilation=2)
    outputs["dilated"] = x
    x = outputs["asym"] = enet.regular_block(x, 0.0, "asym", asymmetric=True)
    x = outputs["up"] = enet.upsampling_block(x, positions, 16, 0.0, "up")
    outputs["logits"] = enet.full_convolution(x, 5, "tconv")
    model = keras.Model(image, outputs)
    state = {}
    for key in golden:
        if key.startswith("w."):
            name = key.removeprefix("w.").removesuffix(".keras")
            array = golden[key]
            # Back to PyTorch's order, which `set_state` expects.
            state[name] = (
                array.transpose(3, 2, 0, 1) if key.endswith("keras") else array
            )
    set_state(model, state)
    for name, output in model(golden["x_nhwc"]).items():
        np.testing.assert_allclose(
            output, golden[f"out_{name}_nhwc"], atol=1e-5, err_msg=name
        )


@pytest.mark.parametrize(("classes", "count"), [(12, 350_652), (20, 351_804)])
def test_weights_are_counted_and_shapes_are_the_originals(classes, count):
    shapes = json.loads((GOLDENS / "enet_shapes.json").read_text())
    (wanted,) = [
        value for key, value in shapes.items() if f"enet_{classes}_" in key
    ]
    key = next(k for k in shapes if f"enet_{classes}_" in k)
    height, width = map(int, key.split("x")[-2:])
    model = build_enet(height, width, classes)
    trainable = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    assert trainable == count
    assert model.count_params() == count + 8608
    last = {
        "initial_block": "initial_block_act",
        "transposed_conv": "transposed_conv_crop",
    }
    for name, (_, channels, rows, columns) in wanted.items():
        layer = model.get_layer(last.get(name, f"{name}_out"))
        assert layer.output.shape[1:] == (rows, columns, channels), name
    assert model.output_shape == (None, height, width, classes)
    assert model.output.dtype == "float32"


def test_weights_fit_every_size():
    small, large = build_enet(32, 40, 4), build_enet(64, 48, 4)
    large.set_weights(small.get_weights())
    images = np.random.default_rng(0).uniform(size=(1, 64, 48, 3))
    assert large(images.astype("float32")).shape == (1, 64, 48, 4)


def test_statistics_move_in_training_only():
    model = build_enet(16, 24, 3)
    images = np.random.default_rng(0).uniform(size=(2, 16, 24, 3))
    statistics = [v for v in model.variables if "moving_variance" in v.path]
    before = [v.numpy() for v in statistics]
    model(images.astype("float32"), training=False)
    for old, variable in zip(before, statistics, strict=True):
        np.testing.assert_array_equal(old, variable.numpy())
    model(images.astype("float32"), training=True)
    for old, variable in zip(before, statistics, strict=True):
        assert not np.array_equal(old, variable.numpy()), variable.path


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((60, 64, 12), "multiples of 8"),
        ((64, 0, 12), "multiples of 8"),
        ((64, 64, 0), "`classes`"),
    ],
)
def test_bad_sizes_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        build_enet(*arguments)


@pytest.mark.tensorflow
@pytest.mark.slow
def test_unpooling_exports_to_onnx(tmp_path):
    from shared.export import export_onnx

    golden = np.load(GOLDENS / "enet_full_seeded.npz")
    model, state = drawn_state(golden)
    set_state(model, state)
    image = np.concatenate([golden["x_nhwc"]] * 3)
    image[1], image[2] = image[1, ::-1], image[2, :, ::-1]
    differences = export_onnx(
        model, tmp_path / "enet.onnx", examples={"image": image}
    )
    assert differences["logits"] < 1e-5
