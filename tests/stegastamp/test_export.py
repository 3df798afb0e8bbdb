"""The exported files of a run stand for its trained networks."""

import json
import os
import subprocess
import sys

import cv2
import keras
import numpy as np
import onnxruntime
import pytest
from keras import ops

from shared.errors import UserError
from stegastamp import Encoder, export
from stegastamp.networks import build_decoder, build_encoder
from tests.contracts.exports import check_export

pytestmark = pytest.mark.tensorflow

HEIGHT, WIDTH, BITS = 32, 48, 48


def _write_run(run_dir, transformer=False, policy="float32", **settings):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        zero_mean = settings.get("zero_mean", True)
        encoder = build_encoder(HEIGHT, WIDTH, BITS, zero_mean)
        decoder = build_decoder(HEIGHT, WIDTH, BITS, transformer)
    finally:
        keras.config.set_dtype_policy(before)
    encoder.save_weights(run_dir / "encoder.weights.h5")
    decoder.save_weights(run_dir / "decoder.weights.h5")
    config = {
        "height": HEIGHT,
        "width": WIDTH,
        "secret_size": BITS,
        "transformer": transformer,
        "preset": "tiny",
        "steps": 10,
    } | settings
    (run_dir / "config.json").write_text(json.dumps(config))
    return encoder, decoder


@pytest.fixture
def run_dir(tmp_path):
    """A run trained, as far as its files tell, in mixed precision."""
    path = tmp_path / "run"
    path.mkdir()
    _write_run(path, policy="mixed_bfloat16")
    return path


def _session(path):
    session = onnxruntime.InferenceSession(str(path))
    described = session.get_modelmeta().custom_metadata_map["stegastamp"]
    return session, json.loads(described)


@pytest.mark.parametrize("transformer", [False, True])
def test_exported_files_agree_with_the_networks(tmp_path, transformer):
    run_dir, out = tmp_path / "run", tmp_path / "out"
    run_dir.mkdir()
    _write_run(run_dir, transformer)
    run = check_export(export, run_dir, out, litert=True)
    assert set(run.served) == {"stegastamp"}
    _, described = _session(out / "encoder.onnx")
    assert described == {
        "role": "encoder",
        "height": HEIGHT,
        "width": WIDTH,
        "secret_size": BITS,
        "zero_mean": True,
        "preset": "tiny",
    }


def test_served_model_clips_and_decodes_what_it_stamped(run_dir, tmp_path):
    import tensorflow as tf

    export.export_run(run_dir, tmp_path)
    serve = tf.saved_model.load(str(tmp_path / "stegastamp" / "1")).signatures[
        "serving_default"
    ]
    examples = export.make_examples(HEIGHT, WIDTH, BITS)
    outputs = {
        key: value.numpy()
        for key, value in serve(
            **{key: tf.constant(value) for key, value in examples.items()}
        ).items()
    }
    image = examples["image"]
    stamped = outputs["stegastamp"]
    np.testing.assert_allclose(
        stamped, np.clip(image + outputs["residual"], 0, 1), atol=1e-6
    )
    _, decoder = export.load_networks(run_dir)
    logits = ops.convert_to_numpy(decoder(stamped))
    np.testing.assert_array_equal(outputs["decoded"], logits > 0)
    assert set(np.unique(outputs["decoded"])) == {0, 1}


@pytest.mark.parametrize("zero_mean", [True, False])
def test_what_is_served_is_what_the_encoder_makes(tmp_path, zero_mean):
    import tensorflow as tf

    run_dir, out = tmp_path / "run", tmp_path / "out"
    run_dir.mkdir()
    encoder, _ = _write_run(run_dir, zero_mean=zero_mean)
    # A tint of 20 levels, as a trained encoder's.
    last = encoder.get_layer("tinted_residual" if zero_mean else "residual")
    last.bias.assign(last.bias + 0.08)
    encoder.save_weights(run_dir / "encoder.weights.h5")
    export.export_run(run_dir, out, litert=True)

    stamper = Encoder(out, threads=1, read_back=False)
    photo = np.rint(
        255 * export.make_examples(HEIGHT, WIDTH, BITS)["image"][1]
    ).astype(np.uint8)
    stamped, residual = stamper.encode(photo, "a")
    secret = stamper.codec.encode("a").astype(np.float32)[None]
    image = photo[None].astype(np.float32) / 255

    serve = tf.saved_model.load(str(out / "stegastamp" / "1")).signatures[
        "serving_default"
    ]
    served = serve(secret=tf.constant(secret), image=tf.constant(image))
    levels = 255 * served["stegastamp"].numpy()[0]
    assert np.abs(levels - stamped).max() <= 1

    light = tf.lite.Interpreter(str(out / "encoder.tflite"))
    predict = light.get_signature_runner()
    added = predict(image=image, secret=secret)["residual"][0]
    assert 255 * np.abs(added - residual).max() <= 1
    tinted = np.abs(residual.mean(axis=(0, 1))).max() > 0.01
    assert tinted == (not zero_mean)


@pytest.mark.parametrize(
    ("earlier", "zero_mean"),
    [({"schedule": "gated"}, True), ({"schedule": "paper"}, False)],
)
def test_runs_of_before_say_by_their_schedule_what_they_learned(
    tmp_path, earlier, zero_mean
):
    _write_run(tmp_path, zero_mean=zero_mean, **earlier)
    path = tmp_path / "config.json"
    config = json.loads(path.read_text())
    del config["zero_mean"]
    path.write_text(json.dumps(config))
    encoder, _ = export.load_networks(tmp_path)
    names = [layer.name for layer in encoder.layers]
    assert ("tinted_residual" in names) == zero_mean


def test_int8_directory_holds_a_smaller_encoder_near_the_first(
    run_dir, tmp_path
):
    photos = tmp_path / "photos"
    photos.mkdir()
    examples = export.make_examples(HEIGHT, WIDTH, BITS)
    for index, image in enumerate(examples["image"]):
        pixels = (255 * image[..., ::-1]).astype(np.uint8)
        cv2.imwrite(str(photos / f"{index}.png"), pixels)
    export.export_run(run_dir, tmp_path)
    (shares,) = export.quantize_run(tmp_path, photos).values()
    assert 0 < shares["residual"] < 0.1

    exact, described = _session(tmp_path / "encoder.onnx")
    rounded, kept = _session(tmp_path / "int8" / "encoder.onnx")
    assert kept == described
    # A batch size, photos and secrets which the calibration did not meet.
    inputs = {
        "image": examples["image"][:2, ::-1],
        "secret": 1 - examples["secret"][:2],
    }
    (wanted,) = exact.run(None, inputs)
    (found,) = rounded.run(None, inputs)
    assert np.square(found - wanted).mean() < 0.04 * np.square(wanted).mean()
    sizes = [
        (tmp_path / folder / "encoder.onnx").stat().st_size
        for folder in (".", "int8")
    ]
    assert sizes[1] < 0.4 * sizes[0]
    _session(tmp_path / "int8" / "decoder.onnx")


def test_mixed_precision_runs_load_in_float32(run_dir):
    for network in export.load_networks(run_dir):
        assert {layer.compute_dtype for layer in network.layers} == {"float32"}
    assert keras.config.dtype_policy().name == "float32"


def _remove(name):
    return lambda run_dir: (run_dir / name).unlink()


def _write(name, content):
    return lambda run_dir: (run_dir / name).write_text(content)


def _configure(**changes):
    def damage(run_dir):
        path = run_dir / "config.json"
        config = json.loads(path.read_text())
        path.write_text(json.dumps(config | changes))

    return damage


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_remove("config.json"), "--run_dir.*config.json"),
        (_write("config.json", "{"), "config.json: not JSON"),
        (_write("config.json", "[]"), "config.json: not a JSON object"),
        (_configure(height="32"), "config.json: `height`.*int.*'32'"),
        (_configure(height=True), "config.json: `height`.*int.*True"),
        (_configure(height=33), "config.json: .*multiples of 16"),
        (_configure(secret_size=49), "encoder.weights.h5: not the weights"),
        (_remove("encoder.weights.h5"), "encoder.weights.h5: no such file"),
        (_write("decoder.weights.h5", "x"), "decoder.weights.h5: not the"),
    ],
)
def test_bad_run_is_refused_in_one_line(run_dir, tmp_path, damage, message):
    damage(run_dir)
    with pytest.raises(UserError, match=message) as caught:
        export.export_run(run_dir, tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def _command(*arguments):
    environment = os.environ | {"KERAS_BACKEND": "tensorflow"}
    return subprocess.run(
        [sys.executable, "-m", "stegastamp.export", *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment,
    )


@pytest.mark.slow
def test_command_proves_equality(run_dir, tmp_path):
    out = tmp_path / "out"
    done = _command("--run_dir", run_dir, "--save_dir", out, "--test")
    assert done.returncode == 0, done.stderr
    assert f"{out / 'encoder.onnx'}\n  residual: largest" in done.stdout
    assert "equal on batches of 1 and 3" in done.stdout


@pytest.mark.slow
def test_command_names_the_missing_run(tmp_path):
    missing = tmp_path / "missing"
    done = _command("--run_dir", missing, "--save_dir", tmp_path / "out")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(
        f"error: --run_dir: {missing} is not a directory"
    )
    assert "Traceback" not in done.stderr
