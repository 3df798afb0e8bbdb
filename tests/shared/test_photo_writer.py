"""Files as they are written: pixels as before, and limits of the formats."""

import io
import struct

import cv2
import numpy as np
import pytest
import pyvips
import tifffile
from PIL import Image, ImageCms

from shared import exif as exif_blocks
from shared.errors import UserError
from shared.metadata import Metadata, read_metadata
from shared.photo_writer import convert_colors, encode_pixels, losses
from tests.shared import metadata_files as files

FULL = Metadata(
    exif=files.exif_block(">"),
    xmp=files.xmp_packet(),
    iptc=files.iptc_records(),
    comment=files.COMMENT,
    text=tuple(files.TEXTS.items()),
    dpi=(300, 150),
    icc_profile=files.SRGB,
)


def _photo(channels=3, dtype=np.uint8):
    """Something like a photo: smooth, with edges and a little noise."""
    rng = np.random.default_rng(0)
    small = rng.uniform(0, 1, (6, 8, channels)).astype(np.float32)
    image = cv2.resize(small, (129, 97), interpolation=cv2.INTER_CUBIC)
    image = image.reshape(97, 129, channels)
    image += rng.normal(0, 0.01, image.shape)
    top = np.iinfo(dtype).max
    return np.rint(np.clip(image, 0, 1) * top).astype(dtype)


def _gray(dtype=np.uint8):
    return cv2.merge([_photo(1, dtype)[..., 0]] * 3)


def _opencv(data):
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)


@pytest.mark.parametrize("quality", [None, 30, 80, 100])
@pytest.mark.parametrize("gray", [False, True])
@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_lossy_pixels_are_those_of_opencv(suffix, gray, quality):
    pixels = _gray() if gray else _photo()
    image = pixels[..., 0] if gray else pixels[..., ::-1]
    flag = {
        ".jpg": cv2.IMWRITE_JPEG_QUALITY,
        ".webp": cv2.IMWRITE_WEBP_QUALITY,
    }[suffix]
    _, data = cv2.imencode(suffix, image, [flag, quality or 95])
    ours = encode_pixels(pixels, None, gray, suffix, quality, FULL)
    np.testing.assert_array_equal(_opencv(ours), _opencv(data))


def test_webp_with_alpha_is_that_of_opencv():
    alpha = _photo(1)[..., 0]
    pixels = _photo()
    image = np.dstack([pixels[..., ::-1], alpha])
    _, data = cv2.imencode(".webp", image, [cv2.IMWRITE_WEBP_QUALITY, 95])
    ours = encode_pixels(pixels, alpha, False, ".webp", None, FULL)
    np.testing.assert_array_equal(_opencv(ours), _opencv(data))


@pytest.mark.parametrize("suffix", [".png", ".tif", ".tiff", ".TIFF"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("transparent", [False, True])
@pytest.mark.parametrize("gray", [False, True])
def test_png_and_tiff_hold_everything(suffix, dtype, transparent, gray):
    pixels = _gray(dtype) if gray else _photo(3, dtype)
    alpha = _photo(1, dtype)[..., 0] if transparent else None
    data = encode_pixels(pixels, alpha, gray, suffix, None, FULL)
    expected = pixels[..., :1] if gray else pixels
    if transparent:
        expected = np.dstack([expected, alpha])
    by_vips = pyvips.Image.new_from_buffer(data, "").numpy()
    np.testing.assert_array_equal(by_vips.reshape(expected.shape), expected)
    by_opencv = _opencv(data).reshape(97, 129, -1)
    if not transparent:
        order = [0] if gray else [2, 1, 0]
        np.testing.assert_array_equal(by_opencv, expected[..., order])
    elif not gray:
        # OpenCV multiplies the alpha of a TIFF into its colours.
        np.testing.assert_array_equal(by_opencv[..., 3], alpha)
    if suffix != ".png":
        by_tifffile = tifffile.imread(io.BytesIO(data))
        np.testing.assert_array_equal(
            by_tifffile.reshape(expected.shape), expected
        )
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            extra = file.pages[0].extrasamples
        assert extra == ((2,) if transparent else ())  # Not multiplied in.
    if dtype == np.uint8:
        with Image.open(io.BytesIO(data)) as photo:
            mode = ("L" if gray else "RGB") + "A" * transparent
            assert photo.mode == mode
            by_pillow = np.asarray(photo).reshape(expected.shape)
        np.testing.assert_array_equal(by_pillow, expected)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_png_says_gray_with_alpha_in_its_header(dtype):
    alpha = _photo(1, dtype)[..., 0]
    data = encode_pixels(_gray(dtype), alpha, True, ".png", None, FULL)
    assert tuple(data[24:26]) == (8 * np.dtype(dtype).itemsize, 4)
    # One of each that may stand but once.
    for name in (b"pHYs", b"iTXt", b"eXIf"):
        assert data.count(name) == 1


def _chunk_names(png):
    at = 8
    while at < len(png):
        size = int.from_bytes(png[at : at + 4], "big")
        yield png[at + 4 : at + 8]
        at += 12 + size


def test_the_chunks_stand_where_the_specification_wants_them():
    color = (
        (b"cICP", bytes([12, 13, 0, 1])),
        (b"gAMA", struct.pack(">I", 45455)),
    )
    known = Metadata(**{**vars(FULL), "png_color": color})
    data = encode_pixels(_photo(), None, False, ".png", None, known)
    names = list(_chunk_names(data))
    assert names[0] == b"IHDR" and names[-1] == b"IEND"
    pixels = names.index(b"IDAT")
    for name in (b"iCCP", b"cICP", b"gAMA", b"pHYs", b"eXIf"):
        assert names.count(name) == 1 and names.index(name) < pixels


def test_nothing_is_said_without_metadata():
    for suffix in (".png", ".jpg", ".webp", ".tif", ".bmp"):
        data = encode_pixels(_photo(), None, False, suffix)
        with Image.open(io.BytesIO(data)) as photo:
            said = set(photo.info) - {
                *("jfif", "jfif_version", "jfif_unit", "jfif_density"),
                *("loop", "background", "timestamp", "duration"),
                *("compression", "resolution", "dpi"),
            }
            assert not said, suffix
            assert photo.info.get("dpi", (0, 0)) == (0, 0), suffix
        assert losses(None, suffix, False, 8) == ()


def _large_exif(note, text):
    block, _ = exif_blocks.read_exif(files.exif_block())
    group = block.groups[exif_blocks.EXIF_GROUP]
    group[exif_blocks.MAKER_NOTE] = exif_blocks.Entry(7, bytes(note))
    block.note_at = None
    exif_blocks.set_text(block, exif_blocks.DESCRIPTION, "a" * text)
    return exif_blocks.write_exif(block)


def test_exif_that_is_too_large_for_a_jpeg():
    for note, text, words, kept in (
        (70_000, 10, "MakerNote is too large", True),
        (10, 70_000, "EXIF data is too large", False),
        (30_000, 30_000, None, True),
    ):
        known = Metadata(exif=_large_exif(note, text))
        said = " ".join(losses(known, ".jpg", False, 8))
        assert (words in said) if words else not said
        data = encode_pixels(_photo(), None, False, ".jpg", None, known)
        with Image.open(io.BytesIO(data)) as photo:
            exif = photo.getexif()
            assert (exif.get(0x10F) == "ACME") == kept
            assert bool(exif.get_ifd(0x8825)) == kept
        # The others hold it whole.
        for suffix in (".png", ".webp", ".tif"):
            assert losses(known, suffix, False, 8) == ()
            data = encode_pixels(_photo(), None, False, suffix, None, known)
            with Image.open(io.BytesIO(data)) as photo:
                exif = photo.getexif()
                assert len(exif[0x10E]) == text
                assert len(exif.get_ifd(0x8769)[0x927C]) == note


@pytest.mark.parametrize(
    ("known", "name"),
    [
        (Metadata(xmp=b"<x/>" + b" " * 70_000), "XMP"),
        (Metadata(iptc=b"\x1c\2\0" + bytes(70_000)), "IPTC"),
        (Metadata(comment="é" * 40_000), "comment"),
    ],
)
def test_other_blocks_that_are_too_large_for_a_jpeg(known, name):
    (said,) = losses(known, ".jpg", False, 8)
    assert name in said and "too large" in said
    data = encode_pixels(_photo(), None, False, ".jpg", None, known)
    assert len(data) < 60_000
    assert losses(known, ".png", False, 8) == ()
    again, _, _ = read_metadata(
        encode_pixels(_photo(), None, False, ".png", None, known), "PNG"
    )
    assert (again.xmp, again.comment) == (known.xmp, known.comment)
    assert again.iptc == known.iptc


def test_texts_do_not_overwrite_what_exif_says():
    known = Metadata(
        exif=files.exif_block(),
        text=(("Author", "someone else"), ("Copyright", "© 2024 Zoë")),
        comment="a remark",
    )
    (said,) = losses(known, ".webp", False, 8)
    assert "'Author'" in said and "'Copyright'" not in said
    data = encode_pixels(_photo(), None, False, ".webp", None, known)
    with Image.open(io.BytesIO(data)) as photo:
        exif = photo.getexif()
        assert exif[0x13B].encode("latin-1") == files.ARTIST
        assert exif.get_ifd(0x8769)[0x9286] == b"ASCII\0\0\0a remark"
    again, _, _ = read_metadata(data, "WebP")
    other = Metadata(**{**vars(again), "comment": "a second remark"})
    assert "comment" in losses(other, ".tif", False, 8)[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mon, 06 May 2024 07:08:09 +0000", "2024:05:06 07:08:09"),
        ("2024-05-06T07:08:09Z", "2024:05:06 07:08:09"),
        ("2024:05:06 07:08:09", "2024:05:06 07:08:09"),
        ("last summer", None),
        ("2024-99-99T99:99:99", None),
        ("Mon, 99 May 2024 07:08:09 +0000", None),
    ],
)
def test_creation_times_of_a_png(text, expected):
    known = Metadata(text=(("Creation Time", text),))
    data = encode_pixels(_photo(), None, False, ".jpg", None, known)
    with Image.open(io.BytesIO(data)) as photo:
        assert photo.getexif().get(0x132) == expected
    assert bool(losses(known, ".jpg", False, 8)) == (expected is None)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
@pytest.mark.parametrize("gray", [False, True])
def test_a_profile_is_that_of_the_pixels_as_written(suffix, gray):
    for profile in (files.SRGB, files.gray_profile(1.0)):
        known = Metadata(icc_profile=profile)
        pixels = _gray() if gray else _photo()
        said = losses(known, suffix, gray, 8)
        data = encode_pixels(pixels, None, gray, suffix, None, known)
        with Image.open(io.BytesIO(data)) as photo:
            written = photo.info.get("icc_profile")
            space = "GRAY" if photo.mode == "L" else "RGB "
            shown = np.asarray(photo.convert("RGB"))
        fits = profile[16:20].decode() == space
        assert (written == profile) == fits
        assert (written is None) == bool(said)
        if fits or not gray:
            continue
        # What a viewer showed before, it shows without the profile.
        before = Image.fromarray(pixels[..., 0])
        if profile == files.SRGB:
            before = before.convert("RGB")
        expected = ImageCms.profileToProfile(
            before,
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            outputMode="RGB",
        )
        difference = shown.astype(int) - np.asarray(expected)
        assert np.abs(difference).mean() < 1.5, suffix


def test_16_bit_grays_and_profiles():
    known = Metadata(icc_profile=files.gray_profile(1.0))
    assert losses(known, ".png", True, 16) == ()
    data = encode_pixels(_gray(np.uint16), None, True, ".webp", None, known)
    eight = encode_pixels(_gray(), None, True, ".webp", None, known)
    difference = _opencv(data).astype(int) - _opencv(eight)
    assert np.abs(difference).mean() < 1
    known = Metadata(icc_profile=files.SRGB)
    assert "left out" in losses(known, ".png", True, 16)[0]


@pytest.mark.parametrize(
    ("suffix", "shape"),
    [(".webp", (1, 16384, 3)), (".jpg", (1, 70_000, 3))],
)
def test_a_size_that_the_format_does_not_have(suffix, shape):
    pixels = np.zeros(shape, np.uint8)
    with pytest.raises(UserError, match="does not fit .*use png"):
        encode_pixels(pixels, None, False, suffix)


@pytest.mark.parametrize("suffix", [".gif", ".xyz", ""])
def test_a_format_that_is_not_written(suffix):
    with pytest.raises(UserError, match="use .png"):
        encode_pixels(_photo(), None, False, suffix)
    with pytest.raises(UserError, match="use .png"):
        losses(None, suffix, False, 8)


def test_chromaticities_that_are_no_triangle_leave_the_gamma():
    gamma = (b"gAMA", struct.pack(">I", 100_000))
    corners = (b"cHRM", struct.pack(">8I", *(30000, 31000) * 4))
    known = Metadata(png_color=(gamma, corners))
    data = encode_pixels(_photo(), None, False, ".bmp", None, known)
    assert _opencv(data).mean() > _photo().mean() + 20


@pytest.mark.parametrize("suffix", [".png", ".tif", ".bmp"])
@pytest.mark.parametrize("gray", [False, True])
def test_colors_converted_beforehand_are_written_as_they_are(suffix, gray):
    # What is hidden in the pixels after the conversion must survive.
    gamma = ((b"gAMA", struct.pack(">I", 100_000)),)
    profile = files.SRGB if gray else files.gray_profile(1.0)
    for known in (Metadata(png_color=gamma), Metadata(icc_profile=profile)):
        pixels = _gray() if gray else _photo()
        pixels, known = convert_colors(pixels, gray, suffix, known)
        pixels ^= (pixels[..., :1] > 99).astype(np.uint8)
        again, same = convert_colors(pixels, gray, suffix, known)
        assert again is pixels and same is known
        data = encode_pixels(pixels, None, gray, suffix, None, known)
        expected = pixels[..., 0] if gray else pixels[..., ::-1]
        np.testing.assert_array_equal(_opencv(data), expected)


def test_many_losses_are_one_line_without_control_characters():
    texts = tuple((f"key\x1b[{index}", "x") for index in range(1000))
    profile = bytearray(files.SRGB)
    profile[16:20] = b"\x1b[2J"
    known = Metadata(text=texts, icc_profile=bytes(profile))
    said = losses(known, ".jpg", False, 8)
    assert len(said) == 2 and "and 992 more" in said[0]
    assert all(line.isprintable() and len(line) < 200 for line in said)
