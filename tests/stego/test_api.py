"""Arrays in, arrays out: any picture, any kind, and what is refused."""

import cv2
import numpy as np
import pytest

from shared.images import read_photo
from stego import api
from tests.stego.commands import PHOTO, hide, read


def drawn(kind):
    """Pictures that are hard: nothing to hide in, or no room to step."""
    random = np.random.default_rng(0)
    shape = (128, 160, 3)
    if kind == "white":
        return np.full(shape, 255, np.uint8)
    if kind == "black":
        return np.zeros(shape, np.uint8)
    if kind == "black and white":
        return (255 * random.integers(0, 2, shape)).astype(np.uint8)
    if kind == "noise":
        return random.integers(0, 256, shape, dtype=np.uint8)
    picture = np.zeros(shape, np.uint8)
    cv2.putText(picture, "text", (5, 80), 0, 2, (255, 255, 255), 3)
    return picture


@pytest.mark.parametrize(
    "kind", ["white", "black", "black and white", "noise", "drawing"]
)
def test_every_picture_keeps_a_full_message(encoder, kind):
    picture = drawn(kind)
    data = np.random.default_rng(1).bytes(encoder.capacity(picture))
    hidden = encoder.encode(picture, data, is_text=False)
    assert encoder.decoder.decode(hidden.image).data == data
    assert hidden.used_tiles == hidden.tiles == 20
    assert hidden.corrected_bits == 0


@pytest.mark.parametrize("channels", ["gray", "alpha", "one", "colour"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_gray_alpha_and_deep_photos_keep_their_kind(encoder, channels, dtype):
    pixels = read_photo(PHOTO).pixels.astype(dtype)
    if dtype == np.uint16:
        pixels = (pixels * 257 - 3 * (pixels > 9)).astype(dtype)
    image = {
        "gray": pixels[..., 0],
        "one": pixels[..., :1],
        "colour": pixels,
        "alpha": np.dstack([pixels, pixels[..., 1]]),
    }[channels]
    hidden = encoder.encode(image, b"kept", "key")
    assert hidden.image.shape == image.shape
    assert hidden.image.dtype == image.dtype
    assert encoder.decoder.decode(hidden.image, "key").text == "kept"
    if channels == "alpha":
        np.testing.assert_array_equal(hidden.image[..., 3], image[..., 3])
    if dtype == np.uint16:
        np.testing.assert_array_equal(hidden.image & 255, image & 255)
    with pytest.raises(api.NoMessage):
        encoder.decoder.decode(image, "key")


def test_capacity_grows_with_the_area(encoder):
    sides = [64, 128, 256, 512]
    rooms = [encoder.capacity(np.zeros((s, s, 3), np.uint8)) for s in sides]
    assert rooms[0] > 30 and rooms[3] > 3.9 * rooms[2] > 15 * rooms[1]


def test_a_corrupt_model_is_named(tmp_path):
    model = tmp_path / "model"
    model.mkdir()
    for name in ("alice", "bob"):
        content = (api.WEIGHTS / "modern" / f"{name}.onnx").read_bytes()
        (model / f"{name}.onnx").write_bytes(content[: len(content) // 2])
    code, _, err = hide(tmp_path / "o.png", "a", PHOTO, f"--model={model}")
    assert code == 1 and "alice.onnx: cannot be loaded" in err
    code, _, err = read(PHOTO, f"--model={model}")
    assert code == 1 and "bob.onnx: cannot be loaded" in err


def test_a_player_under_another_s_name_is_refused(tmp_path):
    for name, other in (("alice", "bob"), ("bob", "alice")):
        content = (api.WEIGHTS / "modern" / f"{other}.onnx").read_bytes()
        (tmp_path / f"{name}.onnx").write_bytes(content)
    code, _, err = read(PHOTO, f"--model={tmp_path}")
    assert code == 1 and "holds the network 'alice' where 'bob'" in err


def test_a_photo_that_cannot_keep_the_message_is_refused(
    encoder, monkeypatch, tmp_path
):
    # An Alice who does nothing, as an unlucky one would to some photo.
    monkeypatch.setattr(
        encoder._alice, "run", lambda cover, message: cover.copy()
    )
    with pytest.raises(ValueError, match="cannot keep the message"):
        encoder.encode(read_photo(PHOTO).pixels, b"lost")
    monkeypatch.undo()
    assert encoder.encode(read_photo(PHOTO).pixels, b"kept").corrected_bits == 0


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.zeros((64, 64, 3), np.float32), "whole"),
        (np.zeros((64, 64, 2), np.uint8), "shape"),
        (np.zeros((64,), np.uint8), "shape"),
    ],
)
def test_arrays_that_are_no_photo_are_refused(encoder, image, words):
    with pytest.raises(ValueError, match=words):
        encoder.decoder.decode(image)


def test_the_caller_s_array_is_left_alone(encoder):
    pixels = read_photo(PHOTO).pixels
    before = pixels.copy()
    encoder.encode(pixels, b"somewhere else")
    np.testing.assert_array_equal(pixels, before)
