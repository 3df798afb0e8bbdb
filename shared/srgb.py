"""Colours into sRGB, for formats that cannot say what their numbers mean.

A PNG may say that its numbers are linear light, or in Display P3; a gray photo
may have a profile of gray. Where such a photo goes into a format that cannot
say so, its pixels become sRGB, which is what numbers without a description are
taken for.

Source: PNG specification, third edition, 4.3 and 11.3.2 (which chunk wins, what
gAMA and cHRM mean); ITU-T H.273, tables 2 and 3 (the codes of cICP).
"""

import io
import struct

import cv2
import numpy as np
from PIL import Image, ImageCms

_D65 = (0.3127, 0.3290)
_SRGB = (*_D65, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
# White, red, green, blue of the colour primaries in H.273.
_PRIMARIES = {
    1: _SRGB,
    9: (*_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    11: (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    12: (*_D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
}
# The exponent from samples to light of each transfer function; None is that
# of sRGB, which stands for those of television too (1, 6, 14, 15), whose
# pictures are shown as they are.
_EXPONENTS = {1: None, 4: 2.2, 5: 2.8, 6: None, 8: 1.0, 13: None}
_EXPONENTS |= {14: None, 15: None}
_BRADFORD = np.array(
    [
        [0.8951, 0.2664, -0.1614],
        [-0.7502, 1.7135, 0.0367],
        [0.0389, -0.0685, 1.0296],
    ]
)
# libpng takes gAMA and cHRM for those of sRGB within these, and so do we.
_GAMMA_TOLERANCE = 0.05
_CHROMATICITY_TOLERANCE = 0.01
_ROWS = 64


def color_meaning(chunks):
    """What the chunks say, after the order in which they outrank each other.

    Args:
        chunks: ((name, body), ...), bodies of their right lengths.

    Returns:
        None where it is sRGB; "hdr" where it is what sRGB cannot show (PQ,
        HLG, narrow range, and codes that we do not know); or (exponent from
        samples to light or None for sRGB's, 8 chromaticities: x and y of
        white, red, green, blue).
    """
    chunks = dict(chunks)
    if b"cICP" in chunks:
        primaries, transfer, _, full = chunks[b"cICP"]
        known = primaries in _PRIMARIES and transfer in _EXPONENTS
        if not known or not full:
            return "hdr"
        meaning = (_EXPONENTS[transfer], _PRIMARIES[primaries])
        return None if meaning == (None, _SRGB) else meaning
    if b"sRGB" in chunks:
        return None
    exponent, corners = None, _SRGB
    if b"cHRM" in chunks:
        values = np.array(struct.unpack(">8I", chunks[b"cHRM"])) / 1e5
        if _is_triangle(values) and not np.allclose(
            values, _SRGB, rtol=0, atol=_CHROMATICITY_TOLERANCE
        ):
            corners = tuple(values)
    if b"gAMA" in chunks:
        gamma = struct.unpack(">I", chunks[b"gAMA"])[0] / 1e5
        near = abs(gamma * 2.2 - 1) <= _GAMMA_TOLERANCE
        # 0 is forbidden; whoever writes it knows no gamma.
        if gamma > 0.01 and not (near and corners == _SRGB):
            exponent = 1 / gamma
    return None if (exponent, corners) == (None, _SRGB) else (exponent, corners)


def _is_triangle(corners):
    """Whether these are chromaticities that a matrix can be made of."""
    x, y = np.reshape(corners, (4, 2)).T
    inside = (y > 0.001).all() and (x + y <= 1.001).all()
    area = np.linalg.det(np.stack([x[1:], y[1:], np.ones(3)]))
    return bool(inside and abs(area) > 0.01)


def _to_xyz(corners):
    """The matrix from linear RGB to XYZ, and the white point's XYZ."""
    x, y = np.reshape(corners, (4, 2)).T
    xyz = np.stack([x / y, np.ones(4), (1 - x - y) / y])
    white, primaries = xyz[:, 0], xyz[:, 1:]
    return primaries * np.linalg.solve(primaries, white), white


def _matrix(corners):
    """From linear RGB with these chromaticities to linear sRGB.

    White stays white: the white points are adapted to each other (Bradford).
    """
    ours, our_white = _to_xyz(_SRGB)
    theirs, their_white = _to_xyz(corners)
    scale = np.diag((_BRADFORD @ our_white) / (_BRADFORD @ their_white))
    adapted = np.linalg.solve(_BRADFORD, scale @ _BRADFORD @ theirs)
    return np.linalg.solve(ours, adapted)


def _light(samples, exponent):
    """Samples in [0, 1] to light in [0, 1]."""
    if exponent is not None:
        return samples**exponent
    return np.where(
        samples <= 0.04045,
        samples / 12.92,
        ((samples + 0.055) / 1.055) ** 2.4,
    )


def _samples(light):
    """Light in [0, 1] to sRGB samples in [0, 1]."""
    return np.where(
        light <= 0.0031308,
        12.92 * light,
        1.055 * np.maximum(light, 0.0031308) ** (1 / 2.4) - 0.055,
    )


def to_srgb(pixels, meaning):
    """Converts pixels to sRGB.

    Args:
        pixels: [H, W, 3] RGB, uint8 or uint16 over the range of its type.
        meaning: (exponent, chromaticities) of `color_meaning`.

    Returns:
        [H, W, 3] of the same type. Colours that sRGB does not have are
        clipped, each channel for itself.
    """
    exponent, corners = meaning
    top = np.iinfo(pixels.dtype).max
    light = _light(np.arange(top + 1, dtype=np.float32) / top, exponent)
    if corners == _SRGB:
        table = np.rint(_samples(light) * top).astype(pixels.dtype)
        return _by_rows(pixels, lambda strip: table[strip])
    matrix = _matrix(corners).astype(np.float32)

    def convert(strip):
        linear = cv2.transform(light[strip], matrix)
        return np.rint(_samples(np.clip(linear, 0, 1)) * top)

    return _by_rows(pixels, convert)


def _by_rows(pixels, function):
    """Applies a function in strips.

    Whole, its floats and indices would take up to 16 times the memory of the
    photo.
    """
    result = np.empty_like(pixels)
    for row in range(0, len(pixels), _ROWS):
        result[row : row + _ROWS] = function(pixels[row : row + _ROWS])
    return result


def gray_levels(profile):
    """What sRGB shows for each level of a gray photo with an ICC profile.

    Args:
        profile: bytes of a profile of gray, or of RGB with equal channels.

    Returns:
        [256] uint8, or None if littleCMS makes nothing of the profile.
    """
    levels = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space.strip() == "RGB":
            levels = levels.convert("RGB")
        shown = ImageCms.profileToProfile(
            levels, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
    # The three channels are equal up to rounding.
    return np.rint(np.asarray(shown)[0].mean(axis=-1)).astype(np.uint8)


def apply_levels(pixels, levels):
    """Replaces each level by that of a table for 8 bits.

    Args:
        pixels: [H, W, 3], uint8 or uint16 over the range of its type.
        levels: [256] uint8; 16-bit levels lie on the line between them.

    Returns:
        [H, W, 3] of the same type.
    """
    if pixels.dtype == np.uint8:
        return _by_rows(pixels, lambda strip: levels[strip])
    places = np.arange(65536) / 257
    table = np.interp(places, np.arange(256), levels.astype(float))
    table = np.rint(table * 257).astype(np.uint16)
    return _by_rows(pixels, lambda strip: table[strip])
