"""The Python API, on a small linear model that truly hides and recovers."""

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

import stegastamp
from shared.errors import UserError
from shared.images import read_photo
from stegastamp import api
from stegastamp.read_back import FACTORS
from tests.stegastamp.linear_model import write_linear_model

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_linear_model(tmp_path_factory.mktemp("model"), 64, 80)


@pytest.fixture(scope="module")
def encoder(model):
    return stegastamp.Encoder(model, threads=1)


@pytest.fixture(scope="module")
def decoder(model):
    return stegastamp.Decoder(model, threads=1)


@pytest.fixture(scope="module")
def photo():
    return read_photo(DATA / "window.jpg").pixels


def _as(photo, kind):
    gray = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    alpha = np.arange(photo[..., 0].size).reshape(photo.shape[:2]) % 256
    return {
        "rgb8": photo,
        "rgb16": photo.astype(np.uint16) * 257,
        "float32": photo.astype(np.float32) / 255,
        "float64": photo / 255,
        "gray": gray,
        "gray3d": gray[..., None],
        "gray16": gray.astype(np.uint16) * 257,
        "rgba": np.dstack([photo, alpha.astype(np.uint8)]),
    }[kind]


@pytest.mark.parametrize(
    "kind",
    ["rgb8", "rgb16", "float32", "float64", "gray", "gray3d", "gray16", "rgba"],
)
def test_round_trip_keeps_shape_and_type(encoder, decoder, photo, kind):
    image = _as(photo, kind)
    before = image.copy()
    stamped, residual = encoder.encode(image, "Stega!!")
    np.testing.assert_array_equal(image, before)
    assert stamped.shape == image.shape and stamped.dtype == image.dtype
    assert residual.shape[:2] == image.shape[:2]
    assert residual.dtype == np.float32
    found = decoder.decode(stamped)
    assert found.message == "Stega!!" and found.view == "whole"
    assert 0.5 < found.confidence <= 1
    assert decoder.decode(image) is None
    if kind == "rgba":
        np.testing.assert_array_equal(stamped[..., 3], image[..., 3])


@pytest.mark.parametrize(
    "size", [(64, 64), (64, 900), (900, 64), (65, 79), (300, 301)]
)
def test_photos_of_any_size_and_shape_stay_whole(encoder, decoder, photo, size):
    image = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
    stamped, _ = encoder.encode(image, "any", strength=2.0)
    assert stamped.shape == image.shape
    assert decoder.decode(stamped).message == "any"


def test_stamped_is_the_photo_plus_the_residual(encoder, photo):
    stamped, residual = encoder.encode(photo, "sum")
    expected = np.clip(np.rint(photo + 255.0 * residual), 0, 255)
    assert np.abs(stamped - expected).max() <= 1
    assert np.mean(stamped != expected) < 1e-3
    # The mean of every channel is the photo's: it is not tinted.
    np.testing.assert_allclose(residual.mean(axis=(0, 1)), 0, atol=1e-3)


def test_what_the_network_says_is_added_tint_and_all(tmp_path, photo):
    size = dict(height=64, width=80, tint=0.04)
    tinted = write_linear_model(tmp_path / "tinted", **size)
    _, residual = stegastamp.Encoder(tinted, read_back=False).encode(photo, "a")
    np.testing.assert_allclose(residual.mean(axis=(0, 1)), 0.04, atol=2e-3)
    # Files of before do not say so, and their mean was always taken off.
    before = write_linear_model(
        tmp_path / "before", **size, changes={"zero_mean": None}
    )
    _, residual = stegastamp.Encoder(before, read_back=False).encode(photo, "a")
    np.testing.assert_allclose(residual.mean(axis=(0, 1)), 0, atol=2e-3)


def test_without_reading_back_the_stamp_is_the_networks(model, photo):
    stamp = stegastamp.Encoder(model, read_back=False)
    assert stamp.decoder is None
    _, plain = stamp.encode(photo, "a")
    _, chosen = stegastamp.Encoder(model).encode(photo, "a")
    factor = np.vdot(plain, chosen) / np.vdot(plain, plain)
    np.testing.assert_allclose(chosen, factor * plain, atol=1e-6)
    assert any(abs(factor - known) < 1e-3 for known in FACTORS)


def test_strength_scales_the_residual(encoder, photo):
    _, once = encoder.encode(photo, "s", check=False)
    _, half = encoder.encode(photo, "s", strength=0.5, check=False)
    np.testing.assert_allclose(half, once / 2, atol=1e-6)
    for strength in (0, -1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="strength"):
            encoder.encode(photo, "s", strength=strength)


def test_gray_gets_the_luma_of_the_residual(encoder, photo):
    gray = np.full((100, 120), 128, np.uint8)
    color = np.repeat(gray[..., None], 3, axis=2)
    _, residual = encoder.encode(color, "luma")
    _, luma = encoder.encode(gray, "luma")
    expected = residual @ np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(luma[..., 0], expected, atol=1e-6)


def test_message_survives_damage(encoder, decoder, photo):
    stamped, _ = encoder.encode(photo, "Stega!!")
    data = cv2.imencode(".jpg", stamped, [cv2.IMWRITE_JPEG_QUALITY, 50])[1]
    height, width = stamped.shape[:2]
    half = cv2.resize(stamped, None, fx=0.5, fy=0.5)
    for damaged in (
        cv2.imdecode(data, cv2.IMREAD_COLOR),
        cv2.resize(half, (width, height)),
        half,
        cv2.GaussianBlur(stamped, (3, 3), 0),
    ):
        assert decoder.decode(damaged).message == "Stega!!"


@pytest.mark.parametrize("share", [0.05, 0.075, -0.05])
def test_a_crop_or_a_border_is_found_by_a_view(encoder, decoder, photo, share):
    stamped, _ = encoder.encode(photo, "crop", strength=2.0)
    height, width = stamped.shape[:2]
    y, x = round(abs(share) * height), round(abs(share) * width)
    if share > 0:
        seen = stamped[y : height - y, x : width - x]
    else:
        seen = cv2.copyMakeBorder(
            stamped, y, y, x, x, cv2.BORDER_CONSTANT, value=(255, 255, 255)
        )
    assert decoder.codec.decode(decoder.logits([seen])[0]) is None
    found = decoder.decode(seen, views="thorough")
    assert found.message == "crop" and found.view.startswith("uncrop")


def test_a_one_sided_crop_needs_thorough_views(encoder, decoder, photo):
    stamped, _ = encoder.encode(photo, "side", strength=2.0)
    height, width = stamped.shape[:2]
    seen = stamped[: round(0.9 * height), : round(0.9 * width)]
    assert decoder.decode(seen) is None
    assert decoder.decode(seen, views="thorough").message == "side"


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_photo_is_found_with_rotations(encoder, decoder, photo, turns):
    stamped, _ = encoder.encode(photo, "turn")
    seen = np.rot90(stamped, -turns)
    assert decoder.decode(seen) is None
    found = decoder.decode(seen, rotations=True)
    assert found.message == "turn"
    assert found.view.startswith(f"turned {90 * turns}")


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_mirrored_photo_is_found(encoder, decoder, photo, turns):
    stamped, _ = encoder.encode(photo, "mirror")
    seen = np.rot90(stamped[:, ::-1], -turns)
    found = decoder.decode(seen, rotations=turns > 0)
    assert found.message == "mirror" and found.view.endswith("mirrored")


def test_unmarked_photos_and_flat_ones_carry_no_message(decoder, photo):
    images = [read_photo(path).pixels for path in sorted(DATA.iterdir())]
    images += [np.zeros((1, 1, 3), np.uint8), np.full((4000, 20), 255, "u1")]
    for image in images:
        assert decoder.decode(image, "thorough", rotations=True) is None


def test_logits_of_several_photos(encoder, decoder, photo):
    stamped, _ = encoder.encode(photo, "batch")
    small = cv2.resize(stamped, (200, 150), interpolation=cv2.INTER_AREA)
    logits = decoder.logits([stamped, small, photo])
    assert logits.shape == (3, 100)
    secret = encoder.codec.encode("batch")
    assert ((logits[:2] > 0) == secret).all()
    assert ((logits[2] > 0) == secret).mean() < 0.8


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (np.zeros((64, 64, 2), np.uint8), r"shape=\(64, 64, 2\)"),
        (np.zeros((0, 64, 3), np.uint8), "shape"),
        (np.zeros(64, np.uint8), "shape"),
        (np.zeros((64, 64, 3), np.int64), "dtype=int64"),
        (np.full((64, 64, 3), 200.0), r"\[0, 1\]"),
        (np.full((64, 64, 3), np.nan), r"\[0, 1\]"),
    ],
)
def test_what_is_no_photo_is_refused(encoder, decoder, image, reason):
    with pytest.raises(ValueError, match=reason):
        encoder.encode(image, "x")
    with pytest.raises(ValueError, match=reason):
        decoder.decode(image)


def test_a_photo_too_small_to_carry_is_refused(encoder):
    for shape in ((63, 100, 3), (4000, 63, 3), (1, 1)):
        with pytest.raises(ValueError, match="at least 64"):
            encoder.encode(np.zeros(shape, np.uint8), "x")


def test_timings_name_every_stage(encoder, decoder, photo):
    timings = api.Timings()
    encoder.encode(photo, "time", timings=timings)
    assert list(timings) == [
        "resize",
        "network",
        "blend",
        "read back",
        "check",
    ]
    assert "network" in str(timings) and "total" in str(timings)
    timings = api.Timings()
    decoder.decode(photo, timings=timings)
    assert list(timings) == ["resize", "network", "views", "align"]


def test_another_secret_size_carries_longer_messages(tmp_path, photo):
    model = write_linear_model(tmp_path / "m", 96, 96, secret_size=160)
    encoder, decoder = stegastamp.Encoder(model), stegastamp.Decoder(model)
    assert encoder.codec.message_bytes == 15
    stamped, _ = encoder.encode(photo, "fifteen letters")
    assert decoder.decode(stamped).message == "fifteen letters"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"secret_size": 20}, "says 20"),
        ({"secret_size": 96}, "says 96"),
        ({"height": 128}, "says 128"),
        ({"role": "critic"}, "holds the network 'critic'"),
        ({"width": None}, "metadata is incomplete"),
    ],
)
def test_a_model_that_contradicts_itself_is_refused(tmp_path, changes, reason):
    model = write_linear_model(tmp_path / "m", changes=changes)
    for network in (stegastamp.Encoder, stegastamp.Decoder):
        with pytest.raises(UserError, match=reason):
            network(model)


def test_a_secret_too_short_for_text_is_refused(tmp_path):
    model = write_linear_model(tmp_path / "m", secret_size=20)
    with pytest.raises(UserError, match="48 to 255 bits"):
        stegastamp.Encoder(model)


def test_swapped_files_are_refused(tmp_path):
    model = write_linear_model(tmp_path / "m")
    (model / "encoder.onnx").rename(model / "x.onnx")
    (model / "decoder.onnx").rename(model / "encoder.onnx")
    with pytest.raises(UserError, match="holds the network 'decoder'"):
        stegastamp.Encoder(model)


def test_unknown_models_are_named(tmp_path):
    with pytest.raises(UserError, match="--model=gigantic: no such model"):
        stegastamp.Encoder("gigantic")
    with pytest.raises(UserError, match="encoder.onnx: no such model file"):
        stegastamp.Encoder(tmp_path)


def test_using_a_model_imports_no_training_framework(model):
    program = f"""
import sys
import stegastamp
assert "onnxruntime" not in sys.modules and "cv2" not in sys.modules
import stegastamp.encode, stegastamp.decode, stegastamp.demo
import stegastamp.onnx_inference
import numpy
image = numpy.full((64, 64, 3), 128, numpy.uint8)
stamped, _ = stegastamp.Encoder({str(model)!r}).encode(image, "light")
assert stegastamp.Decoder({str(model)!r}).decode(stamped).message == "light"
heavy = {{"tensorflow", "keras", "jax", "torch", "matplotlib", "tqdm"}}
print(sorted(heavy & set(sys.modules)))
"""
    result = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == "[]\n"


def test_the_package_names_what_it_lacks():
    with pytest.raises(AttributeError, match="Encodr"):
        _ = stegastamp.Encodr
