"""The table of what is kept, cell by cell, for every pair of formats."""

import io
import re
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
import pyvips
import tifffile
from PIL import Image, ImageCms

from shared.errors import UserError
from shared.metadata import read_metadata, upright
from shared.metadata_fit import losses
from shared.photo_writer import encode_pixels
from tests.shared import metadata_files as files

TABLE = Path(__file__).parents[2] / "docs/what_is_kept.md"
KINDS = {"jpg": "JPEG", "png": "PNG", "webp": "WebP", "tiff": "TIFF"}
KINDS |= {"gif": "GIF", "bmp": "BMP"}
OUTPUTS = ("png", "jpg", "webp", "tiff", "bmp")

EXIF, GPS, NAMES, XMP, IPTC, IPTC_NAMES, COMMENT, TEXTS, OTHER, DPI, ICC = (
    "EXIF: camera, lens, date, MakerNote",
    "GPS position (in EXIF)",
    "artist, copyright",
    "XMP",
    "IPTC",
    "artist, copyright, caption named in IPTC alone",
    "comment",
    "PNG's texts Author, Copyright, Description, Title, Software, "
    "Creation Time",
    "PNG's other texts",
    "dots per inch",
    "ICC profile of the pixels",
)
OTHER_ICC, COLOR, HDR, ALPHA, DEEP, GRAY, TURN, THUMBNAIL, C2PA = (
    "ICC profile of other pixels (CMYK), or a broken one",
    "gAMA, cHRM, cICP of a PNG",
    "cICP of a PNG in HDR (PQ, HLG)",
    "transparency",
    "16 bits",
    "one gray channel",
    "orientation",
    "thumbnail",
    "C2PA manifest",
)
IN_EXIF = {EXIF, GPS, NAMES, TURN, THUMBNAIL}
# What the input files of `metadata_files` say.
HELD = {
    "jpg": IN_EXIF | {XMP, IPTC, COMMENT, DPI, ICC, C2PA},
    "png": (IN_EXIF - {NAMES})
    | {XMP, IPTC, COMMENT, TEXTS, OTHER, DPI, ICC, C2PA},
    "webp": IN_EXIF | {XMP, ICC, C2PA},
    "tiff": (IN_EXIF - {THUMBNAIL}) | {XMP, IPTC, DPI, ICC, C2PA},
    "gif": {COMMENT},
    "bmp": {DPI},
}


def read_table():
    """{(row, output): cell} of the table that people read."""
    text = TABLE.read_text()
    rows = text[text.index("| of the photo |") :].split("\n\n")[0]
    lines = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in rows.splitlines()
    ]
    outputs = [cell.removeprefix("to ") for cell in lines[0][1:]]
    return {
        (line[0], output): cell
        for line in lines[2:]
        for output, cell in zip(outputs, line[1:], strict=True)
    }


CELLS = read_table()


def convert(data, kind, output, pixels=None, alpha=None, gray=False):
    """One photo through the reader and the writer, as a command does it."""
    metadata, turn, notes = read_metadata(data, KINDS[kind])
    if pixels is None:
        if kind == "tiff":  # Pillow would turn it by itself.
            pixels = pyvips.Image.new_from_buffer(data, "").numpy()
        else:
            photo = Image.open(io.BytesIO(data))
            pixels = np.asarray(photo.convert("RGB"))
        if turn != 1:
            assert turn == 6
            pixels = np.ascontiguousarray(np.rot90(pixels, -1))
    metadata = upright(metadata, pixels.shape[1], pixels.shape[0])
    said = losses(metadata, f".{output}", gray, 8 * pixels.dtype.itemsize)
    result = encode_pixels(pixels, alpha, gray, f".{output}", metadata=metadata)
    return result, notes, said


class Seen:
    """What Pillow, tifffile and libvips find in a written file."""

    def __init__(self, data, output):
        self.data = data
        self.photo = Image.open(io.BytesIO(data))
        self.photo.load()
        self.info = self.photo.info
        self.exif = self.photo.getexif()
        self.camera = self.exif.get_ifd(0x8769)
        self.gps = self.exif.get_ifd(0x8825)
        self.output = output
        self.tags = {}
        if output == "tiff":
            with tifffile.TiffFile(io.BytesIO(data)) as opened:
                self.tags = {tag.code: tag for tag in opened.pages[0].tags}

    def text(self, tag):
        """A text of EXIF, from the bytes that Pillow takes for Latin-1."""
        value = self.exif.get(tag)
        return value and value.encode("latin-1").decode()

    def xmp(self):
        if self.output == "tiff":
            return self.tags[700].value if 700 in self.tags else None
        return self.info.get("xmp")

    def iptc(self):
        if self.output == "tiff":
            return self.tags[33723].value if 33723 in self.tags else None
        if self.output == "png":
            text = self.photo.text.get("Raw profile type iptc")
            return text and bytes.fromhex("".join(text.split()[2:]))[12:]
        return self.info.get("photoshop", {}).get(0x0404)

    def user_comment(self):
        value = self.camera.get(0x9286, b"")
        return value[8:].decode("utf-16-le") if value else None

    def dpi(self):
        return np.allclose(self.info.get("dpi", (0, 0)), 300, atol=0.01)


def exif_state(seen):
    note = seen.camera.get(0x927C)
    if not note and 0x10F not in seen.exif:
        return "lost"
    assert seen.exif[0x10F] == "ACME"
    assert seen.camera[0x9003] == "2024:05:06 07:08:09"
    assert seen.camera[0x829A] == 1 / 250
    assert note == files.MAKER_NOTE
    # The pixel dimensions are those of the turned photo.
    assert (seen.camera[0xA002], seen.camera[0xA003]) == seen.photo.size
    return "kept"


def gps_state(seen):
    if not seen.gps:
        return "lost"
    assert seen.gps == {0: b"\2\3\0\0", 1: "N", 2: (48, 30, 0)}
    return "kept"


def names_state(seen):
    if seen.text(0x13B) is None:
        return "lost"
    assert seen.text(0x13B).encode() == files.ARTIST
    assert seen.text(0x8298).encode() == files.COPYRIGHT
    return "kept"


def xmp_state(seen):
    packet = seen.xmp()
    if not packet:
        return "lost"
    expected = files.xmp_packet().replace(b'tion="6"', b'tion="1"')
    assert packet == expected
    return "kept"


def iptc_state(seen):
    if not seen.iptc():
        return "lost"
    assert seen.iptc() == files.iptc_records()
    return "kept"


def comment_state(seen):
    comment = seen.info.get("comment") or seen.info.get("Comment")
    if isinstance(comment, bytes):
        comment = comment.decode()
    if seen.user_comment():
        assert not comment
        assert seen.user_comment() == files.COMMENT
        return "in EXIF"
    return "kept" if comment == files.COMMENT else "lost"


TEXT_TAGS = {
    "Author": 0x13B,
    "Copyright": 0x8298,
    "Description": 0x10E,
    "Title": 0x10D,
    "Software": 0x131,
    "Creation Time": 0x132,
}


def texts_state(seen):
    texts = getattr(seen.photo, "text", {})
    if all(texts.get(key) == text for key, text in files.TEXTS.items()):
        return "kept"
    in_exif = {key: seen.text(tag) for key, tag in TEXT_TAGS.items()}
    return "in EXIF" if in_exif == files.TEXTS else "lost"


def other_state(seen):
    key, text = files.OTHER_TEXT
    return "kept" if seen.info.get(key) == text else "lost"


def dpi_state(seen):
    if seen.dpi():
        return "kept"
    there = (seen.exif.get(tag) for tag in (0x11A, 0x11B, 0x128))
    return "in EXIF" if tuple(there) == (300, 300, 2) else "lost"


def icc_state(seen):
    profile = seen.info.get("icc_profile")
    if not profile:
        return "lost"
    assert profile == files.SRGB
    assert ImageCms.ImageCmsProfile(io.BytesIO(profile))
    return "kept"


def turn_state(seen):
    assert seen.photo.size == (files.HEIGHT, files.WIDTH)
    assert seen.exif.get(0x112, 1) == 1
    return "turned"


def thumbnail_state(seen):
    # Nor are the bytes of the old picture there, without a directory.
    assert files.THUMBNAIL not in seen.data
    assert not seen.exif.get_ifd(0x201)
    return "left out"


def c2pa_state(seen):
    assert b"c2pa" not in seen.data and b"jumb" not in seen.data
    assert b"C2PA" not in seen.data and b"caBX" not in seen.data
    return "left out"


STATES = {
    EXIF: exif_state,
    GPS: gps_state,
    NAMES: names_state,
    XMP: xmp_state,
    IPTC: iptc_state,
    COMMENT: comment_state,
    TEXTS: texts_state,
    OTHER: other_state,
    DPI: dpi_state,
    ICC: icc_state,
    TURN: turn_state,
    THUMBNAIL: thumbnail_state,
    C2PA: c2pa_state,
}
# Words by which a loss names what is lost.
SAID = {
    EXIF: "EXIF",
    XMP: "XMP",
    IPTC: "IPTC",
    COMMENT: "comment",
    TEXTS: "'Creation Time'",
    OTHER: "'Disclaimer'",
    ICC: "colour profile",
}


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("kind", HELD)
def test_every_pair_of_formats_keeps_what_the_table_says(kind, output):
    data, notes, said = convert(files.INPUTS[kind](), kind, output)
    seen = Seen(data, output)
    for row, state in STATES.items():
        if row in HELD[kind]:
            cell = CELLS[row, output]
            assert state(seen) == cell, row
            if row in SAID:
                told = SAID[row] in " ".join(said)
                assert told == (cell == "lost"), (row, said)
    assert ("C2PA" in " ".join(notes)) == (C2PA in HELD[kind])


@pytest.mark.parametrize("kind", HELD)
def test_libvips_finds_the_same_blocks(kind):
    for output in ("jpg", "webp", "tiff", "png"):
        data, _, _ = convert(files.INPUTS[kind](), kind, output)
        image = pyvips.Image.new_from_buffer(data, "")
        fields = set(image.get_fields())
        for row, field in (
            (EXIF, "exif-data"),
            (XMP, "xmp-data"),
            (IPTC, "iptc-data"),
            (ICC, "icc-profile-data"),
        ):
            # libvips does not look into PNG's raw profiles, nor into the EXIF
            # directories of a TIFF.
            if (output, row) in (("png", IPTC), ("tiff", EXIF)):
                continue
            if row in HELD[kind] and CELLS[row, output] == "kept":
                assert field in fields, (output, row)


@pytest.mark.parametrize("output", OUTPUTS)
def test_names_in_iptc_alone(output):
    plain = files.encoded("JPEG")
    body = b"Photoshop 3.0\0" + files.photoshop(files.iptc_records())
    data = files.with_segments(plain, files.segment(0xED, body))
    data, _, _ = convert(data, "jpg", output)
    seen = Seen(data, output)
    state = "kept" if seen.iptc() else "lost"
    if seen.text(0x13B) == "Zoe A." and seen.text(0x8298) == "(c) IPTC":
        state = "in EXIF"
    assert state == CELLS[IPTC_NAMES, output]


def _cmyk_profile():
    profile = bytearray(files.SRGB)
    profile[16:20] = b"CMYK"
    return bytes(profile)


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize(
    "profile", [_cmyk_profile(), files.SRGB[:300], bytes(200)]
)
def test_a_profile_that_is_not_of_these_pixels(profile, output):
    jpeg = files.encoded("JPEG", icc_profile=profile)
    data, notes, said = convert(jpeg, "jpg", output)
    assert "icc_profile" not in Seen(data, output).info
    assert CELLS[OTHER_ICC, output] == "left out"
    assert "colour profile" in " ".join([*notes, *said])


def _srgb(light):
    return np.where(
        light <= 0.0031308,
        12.92 * light,
        1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055,
    )


@pytest.mark.parametrize("output", OUTPUTS)
def test_linear_pixels_of_a_png(output):
    gamma = files.chunk(b"gAMA", struct.pack(">I", 100_000))
    png = files.with_chunks(files.encoded("PNG"), gamma)
    data, _, said = convert(png, "png", output)
    pixels = np.asarray(Image.open(io.BytesIO(data)))
    if gamma in data:
        state = "kept"
        np.testing.assert_array_equal(pixels, files.picture())
    else:
        state = "made sRGB"
        assert "sRGB" in " ".join(said)
        difference = pixels - 255 * _srgb(files.picture() / 255)
        # JPEG and WebP round in their own way; unconverted it would be 60.
        lossless = output in ("tiff", "bmp")
        assert np.abs(difference).mean() < (0.51 if lossless else 2)
    assert state == CELLS[COLOR, output]


@pytest.mark.parametrize("transfer", [16, 18])
@pytest.mark.parametrize("output", OUTPUTS)
def test_hdr_pixels_of_a_png(output, transfer):
    description = files.chunk(b"cICP", bytes([9, transfer, 0, 1]))
    png = files.with_chunks(files.encoded("PNG"), description)
    data, _, said = convert(png, "png", output)
    state = "kept" if description in data else "lost"
    assert state == CELLS[HDR, output]
    assert ("HDR" in " ".join(said)) == (state == "lost")


def _written(output, **options):
    """(pixels as libvips reads them or None, the state by shape)."""
    try:
        data = encode_pixels(suffix=f".{output}", **options)
    except UserError as error:
        assert re.search("transparency; use png", str(error))
        return None
    if output == "bmp":
        return cv2.imdecode(np.frombuffer(data, np.uint8), -1)
    return pyvips.Image.new_from_buffer(data, "").numpy()


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("gray", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_transparency_is_kept_or_refused(output, gray, dtype):
    pixels = np.full((16, 24, 3), 90, dtype)
    alpha = np.arange(16 * 24, dtype=dtype).reshape(16, 24)
    result = _written(output, pixels=pixels, alpha=alpha, gray=gray)
    state = "refused" if result is None else "kept"
    assert state == CELLS[ALPHA, output]
    if state == "kept":
        bands = 2 if gray and output != "webp" else 4
        assert result.shape == (16, 24, bands)
        if result.dtype == dtype:
            np.testing.assert_array_equal(result[..., -1], alpha)


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("gray", [False, True])
def test_16_bits_are_kept_or_rounded(output, gray):
    channels = 1 if gray else 3
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 65536, (16, 24, channels), dtype=np.uint16)
    pixels = np.ascontiguousarray(np.broadcast_to(pixels, (16, 24, 3)))
    result = _written(output, pixels=pixels, alpha=None, gray=gray)
    state = "kept" if result.dtype == np.uint16 else "rounded"
    assert state == CELLS[DEEP, output]
    said = losses(None, f".{output}", gray, 16)
    assert ("16 bits are rounded to 8" in said) == (state == "rounded")
    if state == "kept":
        expected = pixels[..., 0] if gray else pixels
        np.testing.assert_array_equal(result.squeeze(), expected)


@pytest.mark.parametrize("output", OUTPUTS)
def test_gray_photos(output):
    pixels = cv2.merge([files.picture("L")] * 3)
    result = _written(output, pixels=pixels, alpha=None, gray=True)
    state = "kept" if result.squeeze().ndim == 2 else "as RGB"
    assert state == CELLS[GRAY, output]


def test_every_row_of_the_table_has_a_check():
    checked = {*STATES, IPTC_NAMES, OTHER_ICC, COLOR, HDR, ALPHA, DEEP, GRAY}
    assert checked == {row for row, _ in CELLS}
