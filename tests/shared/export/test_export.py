"""Exports load without our code and compute what the Keras model computes."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import onnx
import onnxruntime
import pytest
from keras import layers, ops

from shared import export

pytestmark = pytest.mark.tensorflow


@keras.saving.register_keras_serializable(package="test")
class Shift(layers.Layer):
    """Moves an image one pixel to the left: samples by gather, as we must."""

    def call(self, images):
        width = images.shape[2]
        index = ops.minimum(ops.arange(width) + 1, width - 1)
        return ops.take(images, index, axis=2)


@keras.saving.register_keras_serializable(package="test")
class Turn(layers.Layer):
    """Uses an operation which tf2onnx does not know."""

    def call(self, images):
        transform = ops.convert_to_tensor([[1.0, 0, 1, 0, 1, 0, 0, 0]])
        return ops.image.affine_transform(images, transform)


@pytest.fixture(scope="module")
def model():
    """Two inputs and two outputs; not square, not symmetric."""
    keras.utils.set_random_seed(3)
    image = keras.Input((8, 12, 3), name="image")
    gain = keras.Input((4,), name="gain")
    x = Shift()(image)
    x = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")(x)
    x = layers.BatchNormalization()(x)
    x = x * layers.Dense(4)(gain)[:, None, None]
    picture = layers.UpSampling2D(2)(x)
    score = layers.Dense(1)(layers.Flatten()(x))
    return keras.Model([image, gain], {"picture": picture, "score": score})


@pytest.fixture(scope="module")
def batch():
    generator = np.random.default_rng(5)
    return {
        "image": generator.uniform(0, 1, (5, 8, 12, 3)).astype("float32"),
        "gain": generator.normal(0, 2, (5, 4)).astype("float32"),
    }


@pytest.fixture(scope="module")
def expected(model, batch):
    outputs = model([batch["image"], batch["gain"]], training=False)
    return {k: ops.convert_to_numpy(v) for k, v in outputs.items()}


def _assert_close(found, expected):
    assert set(found) == set(expected)
    for key, wanted in expected.items():
        np.testing.assert_allclose(
            found[key], wanted, atol=1e-5 * np.ptp(wanted)
        )


def test_onnx_runs_at_an_unseen_batch_size_with_metadata(
    model, batch, expected, tmp_path
):
    path = tmp_path / "model.onnx"
    differences = export.export_onnx(
        model, path, {"role": {"bits": 4}, "text": "plain"}
    )
    assert set(differences) == {"picture", "score"}
    assert max(differences.values()) <= export.TOLERANCE
    session = onnxruntime.InferenceSession(str(path))
    names = [output.name for output in session.get_outputs()]
    found = dict(zip(names, session.run(None, batch), strict=True))
    _assert_close(found, expected)
    assert session.get_modelmeta().custom_metadata_map == {
        "role": '{"bits": 4}',
        "text": "plain",
    }
    proto = onnx.load(path)
    assert {o.version for o in proto.opset_import if o.domain == ""} == {18}
    assert session.get_inputs()[0].shape == ["N", 8, 12, 3]
    assert [p.name for p in tmp_path.iterdir()] == ["model.onnx"]


def test_saved_model_loads_in_a_process_without_keras_or_our_code(
    model, batch, expected, tmp_path
):
    export.export_saved_model(model, tmp_path / "net", version=2)
    np.savez(tmp_path / "in.npz", **batch)
    # Started elsewhere: the layers above cannot be found from there.
    script = f"""
import sys
import numpy as np
import tensorflow as tf
loaded = tf.saved_model.load({str(tmp_path / "net" / "2")!r})
serve = loaded.signatures["serving_default"]
tensors = {{k: tf.constant(v) for k, v in
            np.load({str(tmp_path / "in.npz")!r}).items()}}
np.savez({str(tmp_path / "out.npz")!r},
         **{{k: v.numpy() for k, v in serve(**tensors).items()}})
assert "shared" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=tmp_path)
    _assert_close(dict(np.load(tmp_path / "out.npz")), expected)


def test_saved_model_replaces_its_version_and_keeps_others(model, tmp_path):
    for version in (1, 2, 1):
        export.export_saved_model(model, tmp_path / "net", version)
    assert sorted(p.name for p in (tmp_path / "net").iterdir()) == ["1", "2"]


def test_litert_runs_at_an_unseen_batch_size(model, batch, expected, tmp_path):
    import tensorflow as tf

    path = tmp_path / "model.tflite"
    export.export_litert(model, path)
    runner = tf.lite.Interpreter(str(path)).get_signature_runner()
    _assert_close(runner(**batch), expected)


@pytest.fixture(scope="module")
def turning():
    image = keras.Input((6, 6, 1), name="image")
    return keras.Model(image, Turn()(image))


def test_onnx_names_the_operation_that_it_does_not_know(turning, tmp_path):
    with pytest.raises(export.ExportError, match="ImageProjectiveTransformV3"):
        export.export_onnx(turning, tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_litert_refuses_what_is_no_builtin(turning, tmp_path):
    with pytest.raises(export.ExportError, match="LiteRT"):
        export.export_litert(turning, tmp_path / "model.tflite")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_export_leaves_the_old_file(model, turning, tmp_path):
    path = tmp_path / "model.onnx"
    export.export_onnx(model, path)
    before = path.read_bytes()
    with pytest.raises(export.ExportError):
        export.export_onnx(turning, path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "write",
    [export.export_onnx, export.export_litert, export.export_saved_model],
)
def test_a_folder_whose_name_is_no_utf8_is_refused(model, tmp_path, write):
    folder = os.fsencode(tmp_path) + b"/mod\xe8le"
    os.mkdir(folder)
    with pytest.raises(export.ExportError, match="only paths in UTF-8"):
        write(model, Path(os.fsdecode(folder)) / "model")
    assert os.listdir(folder) == []


def test_mixed_precision_is_refused(tmp_path):
    image = keras.Input((4,), name="x")
    inner = keras.Model(image, layers.Dense(2, dtype="mixed_bfloat16")(image))
    outer = keras.Model(image, inner(image))
    with pytest.raises(export.ExportError, match="float32 policy"):
        export.export_onnx(outer, tmp_path / "model.onnx")


def _named(model, change):
    """Answers as the model does, but for `change`."""

    def predict(arrays):
        outputs = model([arrays["image"], arrays["gain"]], training=False)
        named = {k: ops.convert_to_numpy(v) for k, v in outputs.items()}
        change(named)
        return named

    return predict


def _shift_a_little(outputs):
    span = np.ptp(np.append(outputs["score"], 0))
    outputs["score"] = outputs["score"] + 2e-4 * span


def _shift_one_value_of_a_big_batch(outputs):
    if len(outputs["score"]) == 3:
        outputs["picture"][2, 0, 0, 0] += 1


def _put_nan(outputs):
    outputs["picture"][0, 0, 0, 0] = np.nan


def _reshape(outputs):
    outputs["score"] = outputs["score"][:, 0]


def _rename(outputs):
    outputs["result"] = outputs.pop("score")


def _fail(outputs):
    raise RuntimeError("out of order")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_shift_a_little, "score.*differs.*0.0002"),
        (_shift_one_value_of_a_big_batch, "picture.*differs.*batch of 3"),
        (_put_nan, "picture.*nan"),
        (_reshape, "score.*shape"),
        (_rename, "outputs are.*result"),
        (_fail, "batch of 1: out of order"),
    ],
)
def test_compare_sees(model, change, message):
    with pytest.raises(export.ExportError, match=message):
        export.compare(model, _named(model, change), "it")


def test_compare_measures_the_share_of_the_range(model):
    def change(outputs):
        span = np.ptp(np.append(outputs["score"], 0))
        outputs["score"] = outputs["score"] + 5e-5 * span

    found = export.compare(model, _named(model, change), "it")
    assert found["picture"] == 0
    assert found["score"] == pytest.approx(5e-5, rel=1e-2)


@pytest.fixture(scope="module")
def classifier():
    """Logits of three classes, near a tie wherever the input is."""
    image = keras.Input((40, 40, 3), name="image")
    logits = keras.layers.Activation("linear", name="logits")(image)
    return keras.Model(image, logits)


def _ties(margin):
    """Three images of two likely classes that are `margin` apart."""
    image = np.zeros((3, 40, 40, 3), np.float32)
    image[..., 0], image[..., 1], image[..., 2] = 1.0, 1.0 - margin, -1.0
    return {"image": image}


def _swapped(pixels):
    def predict(batch):
        logits = batch["image"].copy()
        flat = logits.reshape(len(logits), -1, 3)
        flat[:, :pixels] = flat[:, :pixels, [1, 0, 2]]
        return {"logits": logits}

    return predict


def test_decisions_are_what_counts_and_ties_count_not(classifier):
    # As many as 4 % of the pixels, where both classes were as good as equal.
    near = _ties(0.001)
    with pytest.raises(export.ExportError, match="logits.*of its range"):
        export.compare(classifier, _swapped(64), "it", near)
    found = export.compare(classifier, _swapped(64), "it", near, decisions=True)
    assert found == {"logits": 0.0}
    # A single one where the network was sure is another network.
    sure = _ties(0.5)
    with pytest.raises(
        export.ExportError, match="its decisions.*nothing was written.*export"
    ):
        export.compare(classifier, _swapped(1), "it", sure, decisions=True)
    assert export.compare(
        classifier, _swapped(0), "it", sure, decisions=True
    ) == {"logits": 0.0}


def test_decisions_of_no_number_are_refused(classifier):
    def broken(batch):
        return {"logits": np.full_like(batch["image"], np.nan)}

    with pytest.raises(export.ExportError, match="logits.*nan"):
        export.compare(classifier, broken, "it", _ties(0.5), decisions=True)


def test_quantize_refuses_an_error_above_the_tolerance(model, batch, tmp_path):
    export.export_onnx(model, tmp_path / "model.onnx")
    target = tmp_path / "int8.onnx"
    with pytest.raises(export.ExportError, match="8-bit integers.*allowed"):
        export.quantize_onnx(tmp_path / "model.onnx", target, [batch], 1e-6)
    assert not target.exists()


def test_a_file_that_16_bits_spoil_is_not_written(tmp_path):
    numbers = keras.Input((2000,), name="numbers")
    network = keras.Model(numbers, layers.Dense(1, name="sum")(numbers))
    # 16 bits hold 1.0004 as 1, which is 4 % of what two terms sum up to.
    terms = np.where(np.arange(2000) % 2, 1.0004, -0.99)
    network.set_weights([np.float32(terms)[:, None], np.zeros(1)])
    path, examples = (
        tmp_path / "sum.onnx",
        {"numbers": np.zeros((3, 2000), "f")},
    )
    examples["numbers"][:, :2] = 1
    with pytest.raises(export.ExportError, match="nothing was written"):
        export.export_onnx(network, path, examples=examples, half=True)
    assert list(tmp_path.iterdir()) == []
    export.export_onnx(network, path, examples=examples)
