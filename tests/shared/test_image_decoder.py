"""Pixels out of files of every kind; damage, bombs and second pictures."""

import io
import struct

import numpy as np
import pytest
import tifffile
from PIL import Image

from shared.image_decoder import FORMATS, DecodeError, decode, sniff

PIXELS = 10_000
LOSSLESS = ["PNG", "TIFF", "BMP"]


def _noise(*shape, dtype=np.uint8, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, np.iinfo(dtype).max + 1, shape).astype(dtype)


def _save(image, kind, **settings):
    file = io.BytesIO()
    if not isinstance(image, Image.Image):
        image = Image.fromarray(image)
    image.save(file, kind, **settings)
    return file.getvalue()


def _tiff(pixels, **settings):
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, **settings)
    return file.getvalue()


@pytest.mark.parametrize("kind", LOSSLESS)
@pytest.mark.parametrize("shape", [(9, 31), (9, 31, 3)])
def test_lossless_formats_give_their_pixels(kind, shape):
    pixels = _noise(*shape)
    decoded = decode(_save(pixels, kind), PIXELS)
    assert decoded.kind == kind and decoded.alpha is None
    np.testing.assert_array_equal(decoded.pixels.squeeze(), pixels)
    assert not decoded.notes and not decoded.converted


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "GIF", "AVIF"])
def test_lossy_formats_give_about_their_pixels(kind):
    ramp = np.tile(np.arange(0, 248, 4, np.uint8)[None, :, None], (48, 1, 3))
    decoded = decode(_save(ramp, kind), PIXELS)
    assert decoded.kind.upper() == kind
    assert np.abs(decoded.pixels.astype(int) - ramp).max() <= 8


def test_heic_is_read_by_the_extra_package():
    pillow_heif = pytest.importorskip("pillow_heif")
    pillow_heif.register_heif_opener()
    ramp = np.tile(np.arange(0, 248, 4, np.uint8)[None, :, None], (48, 1, 3))
    data = _save(ramp, "HEIF", quality=95)
    decoded = decode(data, PIXELS)
    assert decoded.kind == "HEIC" == sniff(data)
    assert np.abs(decoded.pixels.astype(int) - ramp).max() <= 8
    with pytest.raises(DecodeError, match="damaged or cut short"):
        decode(data[: len(data) // 2], PIXELS)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_every_depth_and_channel_of_tiff(dtype, channels, planar):
    pixels = _noise(9, 31, channels, dtype=dtype)
    alpha = channels in (2, 4)
    data = _tiff(
        pixels if planar == "contig" else np.moveaxis(pixels, -1, 0),
        photometric="rgb" if channels > 2 else "minisblack",
        planarconfig=planar if channels > 1 else None,
        extrasamples=["unassalpha"] if alpha else None,
    )
    if channels == 2 and planar == "separate":
        with pytest.raises(DecodeError, match="separate planes"):
            decode(data, PIXELS)
        return
    decoded = decode(data, PIXELS)
    colours = channels - alpha
    np.testing.assert_array_equal(decoded.pixels, pixels[..., :colours])
    assert decoded.pixels.dtype == dtype
    if alpha:
        np.testing.assert_array_equal(decoded.alpha, pixels[..., -1])
    else:
        assert decoded.alpha is None


def test_tiffs_multiplied_alpha_is_undone_and_other_channels_are_no_alpha():
    pixels = np.full((8, 8, 4), 128, np.uint8)
    pixels[..., 0] = 64
    data = _tiff(pixels, photometric="rgb", extrasamples=["assocalpha"])
    decoded = decode(data, PIXELS)
    np.testing.assert_allclose(decoded.pixels[0, 0], [127, 255, 255], atol=1)
    assert decoded.alpha[0, 0] == 128
    data = _tiff(pixels, photometric="rgb", extrasamples=["unspecified"])
    decoded = decode(data, PIXELS)
    np.testing.assert_array_equal(decoded.pixels, pixels[..., :3])
    assert decoded.alpha is None
    assert "not said to be transparency" in decoded.notes[0]


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_alpha_is_kept_beside_gray_and_colour(mode, kind):
    image = Image.fromarray(_noise(9, 31, 4)).convert(mode)
    settings = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    decoded = decode(_save(image, kind, **settings), PIXELS)
    wanted = np.asarray(image)
    np.testing.assert_array_equal(decoded.alpha, wanted[..., -1])
    # WebP knows no gray.
    channels = 1 if mode == "LA" and kind != "WEBP" else 3
    assert decoded.pixels.shape == (9, 31, channels)
    if channels == wanted.shape[2] - 1:
        np.testing.assert_array_equal(decoded.pixels, wanted[..., :-1])


@pytest.mark.parametrize(
    ("mode", "transparent"), [("L", 7), ("P", 7), ("RGB", (7, 7, 7))]
)
def test_a_png_colour_that_is_transparent_becomes_alpha(mode, transparent):
    pixels = np.tile(np.arange(31, dtype=np.uint8), (9, 1))
    image = Image.fromarray(pixels).convert(mode)
    decoded = decode(_save(image, "PNG", transparency=transparent), PIXELS)
    assert decoded.alpha is not None
    np.testing.assert_array_equal(decoded.alpha == 0, pixels == 7)
    np.testing.assert_array_equal(decoded.pixels[..., 0], pixels)


def test_gif_has_alpha_where_it_has_a_transparent_pixel():
    pixels = np.tile(np.arange(31, dtype=np.uint8), (9, 1))
    frames = [Image.fromarray(pixels), Image.fromarray(pixels.max() - pixels)]
    decoded = decode(
        _save(frames[0], "GIF", save_all=True, append_images=frames[1:]), PIXELS
    )
    assert decoded.alpha is None
    assert decoded.notes == ("only the first of 2 frames is taken",)
    clear = decode(_save(frames[0], "GIF", transparency=7), PIXELS)
    np.testing.assert_array_equal(clear.alpha == 0, pixels == 7)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "GIF"])
def test_what_follows_the_first_picture_is_said(kind):
    frames = [Image.fromarray(_noise(40, 50, 3, seed=i)) for i in range(3)]
    data = _save(frames[0], kind, save_all=True, append_images=frames[1:])
    (note,) = decode(data, PIXELS).notes
    what = "pages" if kind == "TIFF" else "frames"
    assert note == f"only the first of 3 {what} is taken"


@pytest.mark.parametrize("progressive", [False, True])
def test_a_video_behind_a_jpeg_is_said_and_padding_is_not(progressive):
    data = _save(_noise(40, 50, 3), "JPEG", progressive=progressive)
    assert decode(data + bytes(5000), PIXELS).notes == ()
    (note,) = decode(data + b"\0\0\0\x18ftypmp42" * 1000, PIXELS).notes
    assert note.startswith("12000 bytes behind the picture")


def test_cmyk_becomes_rgb_and_says_so():
    inks = np.zeros((8, 8, 4), np.uint8)
    inks[..., 1:3] = 255
    image = Image.fromarray(inks, "CMYK")
    for kind in ("JPEG", "TIFF"):
        decoded = decode(_save(image, kind), PIXELS)
        assert decoded.converted and "CMYK" in decoded.notes[0]
        np.testing.assert_allclose(decoded.pixels[4, 4], [255, 0, 0], atol=3)
        assert decoded.alpha is None


@pytest.mark.parametrize("dtype", [np.float32, np.uint32, np.int16])
def test_other_types_of_numbers_are_refused(dtype):
    data = _tiff(np.zeros((8, 8, 3), dtype), photometric="rgb")
    with pytest.raises(DecodeError, match="8 or 16 bits"):
        decode(data, PIXELS)


def _files(pixels):
    for kind in ("PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP", "AVIF"):
        yield kind, _save(pixels, kind)
    for compression in ("tiff_lzw", "tiff_adobe_deflate"):
        yield compression, _save(pixels, "TIFF", compression=compression)
    yield "tiled TIFF", _tiff(pixels, photometric="rgb", tile=(32, 32))
    planes = np.moveaxis(pixels, -1, 0)
    yield (
        "planar TIFF",
        _tiff(planes, photometric="rgb", planarconfig="separate"),
    )


@pytest.mark.parametrize("pieces", [{}, {"tile": (16, 16)}])
def test_a_tag_that_libtiff_minds_spoils_no_tiff(pieces):
    pixels = _noise(40, 50, 3)
    # An artist with a zero within, and tags that nobody knows.
    extra = [(315, 2, 5, b"a\0bc\0", True), (65000, 3, 1, 7, True)]
    data = _tiff(pixels, photometric="rgb", extratags=extra, **pieces)
    np.testing.assert_array_equal(decode(data, PIXELS).pixels, pixels)
    for keep in (0.5, 0.9, 0.99):
        with pytest.raises(DecodeError, match="damaged or cut short"):
            decode(data[: int(keep * len(data))], PIXELS)


@pytest.mark.parametrize("keep", [0.3, 0.5, 0.9, 0.99])
def test_files_that_are_cut_short_are_refused(keep):
    for name, data in _files(_noise(90, 110, 3)):
        assert decode(data, PIXELS).pixels.shape == (90, 110, 3), name
        with pytest.raises(DecodeError, match="damaged or cut short"):
            decode(data[: int(keep * len(data))], PIXELS)


def test_a_jpeg_with_a_hole_in_its_scan_is_refused():
    ramp = np.add.outer(np.arange(256), np.arange(384)) // 3
    photo = np.stack([ramp, ramp[::-1], ramp[:, ::-1]], -1).astype(np.uint8)
    photo ^= _noise(256, 384, 3) & 15
    data = _save(photo, "JPEG", quality=90)
    middle = len(data) // 2
    data = data[:middle] + bytes(2000) + data[middle + 2000 :]
    with pytest.raises(DecodeError, match="JPEG data is damaged"):
        decode(data, 1_000_000)


def test_noise_and_text_are_no_image():
    for data in (b"Dear diary, this is no image.", b"", b"\0" * 100):
        with pytest.raises(DecodeError, match=FORMATS):
            decode(data, PIXELS)
    for head in (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM", b"II*\0"):
        with pytest.raises(DecodeError, match="damaged or cut short"):
            decode(head + bytes(100), PIXELS)
        with pytest.raises(DecodeError, match="damaged or cut short"):
            decode(head, PIXELS)


def _png_header(width, height, depth=8, colour=2):
    import zlib

    def chunk(kind, body):
        checksum = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + checksum

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


def _tiff_that_says_twice(width, height):
    """Libraries differ in which of two equal tags they believe."""
    entries = [
        (256, width),
        (256, 10),
        (257, height),
        (257, 10),
        (258, 8),
        (262, 1),
        (273, 8),
        (279, 100),
    ]
    body = b"".join(struct.pack("<HHII", t, 4, 1, v) for t, v in entries)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", 8) + body + bytes(200)


def _bmp_header(width, height):
    return (
        b"BM"
        + struct.pack(
            "<IIIIiiHHIIIIII",
            154,
            0,
            54,
            40,
            width,
            height,
            1,
            24,
            0,
            100,
            *[0] * 4,
        )
        + bytes(100)
    )


def test_bombs_are_refused_by_the_size_that_the_decoder_reads():
    limit = 200_000_000
    for data in (
        _png_header(50_000, 50_000),
        _tiff_that_says_twice(25_000, 25_000),
        _bmp_header(50_000, 50_000),
    ):
        with pytest.raises(DecodeError, match="0 x .*--max_pixels|damaged"):
            decode(data, limit)
    # As many pixels as allowed, but of eight bytes in place of three.
    deep = _png_header(14_000, 14_000, depth=16, colour=6)
    with pytest.raises(DecodeError, match="pixels of 8 bytes.*600000000 bytes"):
        decode(deep, limit)
    # 34 bytes that unpack to half a gigabyte.
    empty = _save(Image.new("RGB", (6000, 5000)), "WEBP", lossless=True)
    with pytest.raises(DecodeError, match="decompression bomb"):
        decode(empty, limit)


def test_the_limit_is_exact():
    data = _save(_noise(24, 40, 3), "PNG")
    with pytest.raises(DecodeError, match="40 x 24 pixels, more than the 959"):
        decode(data, 959)
    assert decode(data, 960).pixels.shape == (24, 40, 3)


def test_bits_flipped_anywhere_end_in_pixels_or_one_kind_of_error():
    rng = np.random.default_rng(3)
    for _, data in _files(_noise(20, 30, 3)):
        for _ in range(25):
            bad = bytearray(data)
            for place in rng.integers(0, min(len(bad), 400), 3):
                bad[place] ^= 1 << rng.integers(0, 8)
            try:
                decoded = decode(bytes(bad), PIXELS)
            except DecodeError as error:
                assert "\n" not in str(error)
            else:
                assert decoded.pixels.shape[2] in (1, 3)
                assert decoded.pixels.size <= 3 * PIXELS
