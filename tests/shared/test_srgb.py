"""Colours of a PNG: what the chunks say, and pixels in sRGB."""

import io
import struct
import tracemalloc

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from shared.srgb import apply_levels, color_meaning, to_srgb

SRGB = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
P3 = (0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)


def _gamma(value):
    return (b"gAMA", struct.pack(">I", round(value * 1e5)))


def _corners(values):
    numbers = [round(value * 1e5) for value in values]
    return (b"cHRM", struct.pack(">8I", *numbers))


def _cicp(primaries, transfer, full=1):
    return (b"cICP", bytes([primaries, transfer, 0, full]))


@pytest.mark.parametrize(
    "chunks",
    [
        (),
        (_gamma(0.45455),),
        (_gamma(0.44),),
        (_gamma(0.45455), _corners(SRGB)),
        (_gamma(1.0), (b"sRGB", b"\0")),
        (_gamma(0),),
        (_corners((0,) * 8),),
        (_corners((0.3,) * 8),),
        (_cicp(1, 13),),
        (_cicp(1, 1),),
        (_cicp(1, 13), _gamma(1.0)),
    ],
)
def test_what_is_srgb_already(chunks):
    assert color_meaning(chunks) is None


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        ((_gamma(1.0),), (1.0, SRGB)),
        ((_gamma(0.5), (b"mDCV", bytes(24))), (2.0, SRGB)),
        ((_cicp(12, 13),), (None, P3)),
        ((_cicp(12, 13), (b"sRGB", b"\0")), (None, P3)),
        ((_cicp(1, 8),), (1.0, SRGB)),
        ((_corners(P3),), (None, P3)),
        ((_cicp(9, 16),), "hdr"),
        ((_cicp(9, 18),), "hdr"),
        ((_cicp(1, 13, full=0),), "hdr"),
        ((_cicp(77, 13),), "hdr"),
    ],
)
def test_what_is_not(chunks, expected):
    meaning = color_meaning(chunks)
    if expected == "hdr":
        assert meaning == "hdr"
    else:
        assert meaning[0] == expected[0]
        np.testing.assert_allclose(meaning[1], expected[1])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_linear_light_against_the_formula(dtype):
    top = np.iinfo(dtype).max
    values = np.linspace(0, top, 256).astype(dtype)
    pixels = cv2.merge([values.reshape(16, 16)] * 3)
    light = values / top
    expected = np.where(
        light <= 0.0031308,
        12.92 * light,
        1.055 * light ** (1 / 2.4) - 0.055,
    )
    result = to_srgb(pixels, (1.0, SRGB))
    assert result.dtype == dtype
    # Half a level, and float32 in the steep dark of 16 bits.
    tolerance = 0.51 if dtype == np.uint8 else 1.5
    np.testing.assert_allclose(
        result[..., 0].ravel(), expected * top, atol=tolerance
    )


def _profile(corners, gamma):
    """An ICC profile of these colours, for littleCMS as an oracle."""
    white, colors = corners[:2], np.reshape(corners[2:], (3, 2))

    def xyz(x, y):
        return np.array([x / y, 1, (1 - x - y) / y])

    primaries = np.stack([xyz(*color) for color in colors], axis=1)
    matrix = primaries * np.linalg.solve(primaries, xyz(*white))
    # To the D50 of every profile, by Bradford as ICC.1 Annex E says.
    cone = np.array(
        [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367]]
        + [[0.0389, -0.0685, 1.0296]]
    )
    d50 = np.array([0.9642, 1.0, 0.8249])
    scale = np.diag((cone @ d50) / (cone @ xyz(*white)))
    matrix = np.linalg.inv(cone) @ scale @ cone @ matrix
    return _icc(matrix, d50, gamma)


def _icc(matrix, white, gamma):
    def numbers(values):
        return b"XYZ \0\0\0\0" + struct.pack(
            ">3i", *(round(value * 65536) for value in values)
        )

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))
    tags = {b"wtpt": numbers(white)}
    for index, letter in enumerate((b"r", b"g", b"b")):
        tags[letter + b"XYZ"] = numbers(matrix[:, index])
        tags[letter + b"TRC"] = curve + bytes(2)
    text = b"text\0\0\0\0test\0\0\0\0"
    tags |= {b"cprt": text, b"desc": b"desc" + bytes(4) + struct.pack(">I", 5)}
    tags[b"desc"] += b"test\0" + bytes(90 - 11)
    table, values = struct.pack(">I", len(tags)), b""
    start = 132 + 12 * len(tags)
    for name, body in tags.items():
        table += name + struct.pack(">II", start + len(values), len(body))
        values += body + bytes(-len(body) % 4)
    head = struct.pack(
        ">I4xI4s4s4s",
        start + len(values),
        0x02100000,
        b"mntr",
        b"RGB ",
        b"XYZ ",
    )
    head += bytes(12) + b"acsp" + bytes(28)
    head += struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + table + values


@pytest.mark.parametrize(
    "corners",
    [
        P3,
        (0.3457, 0.3585, 0.7347, 0.2653, 0.1596, 0.8404, 0.0366, 0.0001),
        (0.3127, 0.329, 0.63, 0.34, 0.31, 0.595, 0.155, 0.07),
    ],
)
def test_other_primaries_against_a_colour_engine(corners):
    gamma = 2.2
    rng = np.random.default_rng(0)
    # Colours that sRGB has too: near gray, for clipping is another matter.
    gray = rng.integers(60, 200, (300, 40, 1))
    pixels = (gray + rng.integers(-20, 21, (300, 40, 3))).astype(np.uint8)
    result = to_srgb(pixels, (gamma, corners))
    source = ImageCms.ImageCmsProfile(io.BytesIO(_profile(corners, gamma)))
    expected = ImageCms.profileToProfile(
        Image.fromarray(pixels),
        source,
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
    )
    difference = result.astype(int) - np.asarray(expected)
    assert np.abs(difference).max() <= 2
    assert np.abs(difference).mean() < 0.3
    assert np.abs(result.astype(int) - pixels).max() > 4


def test_white_stays_white_and_gray_gray():
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    warm = (0.3457, 0.3585, *P3[2:])
    result = to_srgb(cv2.merge([ramp] * 3), (None, warm)).astype(int)
    np.testing.assert_allclose(result, ramp[..., None].repeat(3, 2), atol=1)
    assert (result[-1, -1] == 255).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("meaning", [(1.0, SRGB), (None, P3)])
def test_a_large_photo_takes_little_more_than_its_result(meaning, dtype):
    pixels = np.zeros((3000, 500, 3), dtype)
    tracemalloc.start()
    to_srgb(pixels, meaning)
    apply_levels(pixels, np.arange(256, dtype=np.uint8))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < pixels.nbytes + 8_000_000
