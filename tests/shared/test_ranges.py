"""One way from 16 bits to 8, and from levels to what networks compute in."""

import shutil

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from malicious_ae.classes import CAMVID
from malicious_ae.data import Pair, read_pair
from malicious_ae.segment import photo_pixels
from shared.images import read_photo
from shared.photo_folders import load_folders
from shared.ranges import (
    levels_to_signed,
    signed_to_levels,
    to_8_bits,
    unit_to_levels,
)
from stego.evaluate import load_photos


def test_signed_levels_cover_the_range_and_clip():
    values = np.array([-2.0, -1.0, 0.0, 1.0, 3.0], np.float32)
    assert signed_to_levels(values).tolist() == [0, 0, 128, 255, 255]


def test_unit_levels_cover_the_range_and_clip():
    assert unit_to_levels([-1, 0, 0.5, 1, 2]).tolist() == [0, 0, 128, 255, 255]


def test_every_level_comes_back():
    levels = np.arange(256, dtype=np.uint8)
    signed = levels_to_signed(levels)
    assert signed.dtype == np.float32
    assert (signed[0], signed[-1]) == (-1, 1)
    np.testing.assert_array_equal(signed_to_levels(signed), levels)


@given(st.integers(0, 65535))
def test_16_bits_become_the_nearest_of_8(level):
    pixels = np.full((2, 3, 3), level, np.uint16)
    assert (to_8_bits(pixels) == (level + 128) // 257).all()


def test_a_deep_photo_is_the_same_to_every_reader(tmp_path):
    deep = np.random.default_rng(3).integers(0, 65536, (64, 64, 3))
    path = tmp_path / "deep.png"
    cv2.imwrite(str(path), deep[..., ::-1].astype(np.uint16))
    for other in (tmp_path / "copy.png", tmp_path / "one" / "deep.png"):
        other.parent.mkdir(exist_ok=True)
        shutil.copy(path, other)
    labels = tmp_path / "labels" / "deep.png"
    labels.parent.mkdir()
    cv2.imwrite(str(labels), np.zeros((64, 64), np.uint8))
    wanted = ((deep + 128) // 257).astype(np.uint8)
    pair = Pair(path, labels)
    _, (photo, _), _ = load_photos(tmp_path, 8, 10**6)
    (loaded,) = load_folders([tmp_path / "one"])
    for found in (
        loaded,
        read_photo(path).rgb8,
        photo_pixels(path, 10**6),
        read_pair(pair, CAMVID, 64, 64)[0],
        photo,
    ):
        np.testing.assert_array_equal(found, wanted)
