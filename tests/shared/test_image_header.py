"""Sizes from headers, for every format, against what OpenCV decodes."""

import cv2
import numpy as np
import pytest

from shared.image_header import (
    HeaderError,
    check_png,
    read_header,
    read_tiff_tags,
)


def _encoded(suffix, height=13, width=29, parameters=()):
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3))
    done, data = cv2.imencode(suffix, image.astype(np.uint8), parameters)
    assert done
    return data.tobytes()


@pytest.mark.parametrize(
    ("suffix", "name", "parameters"),
    [
        (".jpg", "JPEG", ()),
        (".jpg", "JPEG", (cv2.IMWRITE_JPEG_PROGRESSIVE, 1)),
        (".png", "PNG", ()),
        (".webp", "WebP", (cv2.IMWRITE_WEBP_QUALITY, 80)),
        (".webp", "WebP", (cv2.IMWRITE_WEBP_QUALITY, 101)),
        (".tiff", "TIFF", ()),
        (".bmp", "BMP", ()),
        (".gif", "GIF", ()),
    ],
)
def test_reads_the_size_of_each_format(suffix, name, parameters):
    data = _encoded(suffix, parameters=parameters)
    assert read_header(data) == (name, 29, 13)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tiff", ".bmp"])
def test_any_cut_is_an_error_or_the_true_size(suffix):
    data = _encoded(suffix)
    for length in range(0, min(len(data), 700), 3):
        try:
            assert read_header(data[:length])[1:] == (29, 13)
        except HeaderError:
            continue


def test_noise_is_refused():
    with pytest.raises(HeaderError, match="no JPEG"):
        read_header(b"Dear diary, this is not an image at all.")
    with pytest.raises(HeaderError):
        read_header(b"\xff\xd8\xff" + bytes(100))


def test_a_png_of_no_width_is_refused():
    data = bytearray(_encoded(".png"))
    data[16:20] = bytes(4)
    with pytest.raises(HeaderError, match="empty"):
        read_header(data)


def test_png_check_sees_a_flipped_bit_and_a_cut():
    data = _encoded(".png")
    check_png(data)
    with pytest.raises(HeaderError, match="cut short"):
        check_png(data[:-1])
    flipped = bytearray(data)
    flipped[len(data) // 2] ^= 1
    with pytest.raises(HeaderError, match="damaged"):
        check_png(bytes(flipped))


@pytest.mark.parametrize("order", ["big", "little"])
def test_tiff_tags_in_both_byte_orders(order):
    mark = b"MM" if order == "big" else b"II"

    def number(value, size):
        return value.to_bytes(size, order)

    entry = number(0x112, 2) + number(3, 2) + number(1, 4) + number(6, 2)
    data = mark + number(42, 2) + number(8, 4) + number(1, 2) + entry + bytes(6)
    assert read_tiff_tags(data) == {0x112: 6}
    with pytest.raises(HeaderError, match="cut short"):
        read_tiff_tags(data[:14])
