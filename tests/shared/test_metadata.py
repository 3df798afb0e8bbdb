"""What files say about a photo: phones, broken blocks, hostile bytes."""

import io
import struct
import tracemalloc
import zlib
from xml.etree import ElementTree

import numpy as np
import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from shared.metadata import Metadata, read_metadata, upright
from shared.photo_writer import encode_pixels
from tests.shared import metadata_files as files
from tests.shared.phone_jpegs import LAYOUTS

KINDS = {"jpg": "JPEG", "png": "PNG", "webp": "WebP", "tiff": "TIFF"}
KINDS |= {"gif": "GIF", "bmp": "BMP"}


@pytest.mark.parametrize("name", LAYOUTS)
def test_phone_jpegs(name):
    data, has_profile, words = LAYOUTS[name]
    metadata, _, notes = read_metadata(data, "JPEG")
    assert metadata.icc_profile == (files.SRGB if has_profile else None)
    assert len(notes) == len(words), notes
    for word in words:
        assert any(word in note for note in notes), (word, notes)
    again = encode_pixels(files.picture(), None, False, ".jpg", None, metadata)
    assert read_metadata(again, "JPEG")[2] == ()
    # Whatever the layout, every format can be written from it.
    pixels = files.picture()
    for suffix in (".png", ".jpg", ".webp", ".tif", ".bmp"):
        result = encode_pixels(pixels, None, False, suffix, None, metadata)
        with Image.open(io.BytesIO(result)) as photo:
            photo.load()
            profile = photo.info.get("icc_profile")
        expected = has_profile and suffix != ".bmp"
        assert profile == (files.SRGB if expected else None), suffix


@pytest.mark.parametrize(
    ("name", "gone"),
    [
        ("Ultra HDR", [b"hdrgm:Version", b"hdrgm:Gamma", b"Container:Dir"]),
        ("motion photo", [b"GCamera:M"]),
    ],
)
def test_xmp_does_not_point_at_what_is_not_kept(name, gone):
    data = LAYOUTS[name][0]
    packet = read_metadata(data, "JPEG")[0].xmp
    for word in gone:
        assert word in data and word not in packet
    assert b"(c) Zoe" in packet
    assert b'tiff:Orientation="1"' in packet
    # It is still XML, from end to end.
    ElementTree.fromstring(packet)


def test_the_largest_profile_that_png_and_jpeg_share():
    # An ICC profile of 200,000 bytes takes four segments of a JPEG.
    profile = bytearray(files.SRGB + bytes(200_000 - len(files.SRGB)))
    profile[:4] = struct.pack(">I", len(profile))
    data = files.encoded("JPEG", icc_profile=bytes(profile))
    metadata, _, notes = read_metadata(data, "JPEG")
    assert notes == ()
    for suffix in (".jpg", ".png", ".webp", ".tiff"):
        result = encode_pixels(
            files.picture(), None, False, suffix, None, metadata
        )
        with Image.open(io.BytesIO(result)) as photo:
            assert photo.info["icc_profile"] == bytes(profile)


def test_a_padded_profile_loses_its_padding():
    data = files.encoded("JPEG", icc_profile=files.SRGB + bytes(72))
    assert read_metadata(data, "JPEG")[0].icc_profile == files.SRGB


def _tampered(place, value):
    profile = bytearray(files.SRGB)
    profile[place : place + len(value)] = value
    return bytes(profile)


@pytest.mark.parametrize(
    "profile",
    [
        files.SRGB[:300],
        files.SRGB[:100],
        np.random.default_rng(0).bytes(200),
        _tampered(36, b"ACSP"),
        _tampered(8, b"\x77"),
        _tampered(12, b"link"),
        _tampered(20, b"HSV "),
        _tampered(128, b"\xff\xff\xff\xff"),
        _tampered(136, b"\x7f\xff\xff\xff"),
    ],
    ids=range(9),
)
@pytest.mark.parametrize("kind", ["jpg", "png", "webp", "tiff"])
def test_a_broken_profile_is_left_out_and_named(kind, profile):
    pillow = {"jpg": "JPEG", "tiff": "TIFF"}.get(kind, kind.upper())
    data = files.encoded(pillow, icc_profile=profile)
    metadata, _, notes = read_metadata(data, KINDS[kind])
    assert metadata.icc_profile is None
    assert len(notes) == 1 and "colour profile is left out" in notes[0]


@pytest.mark.parametrize("kind", ["PNG", "WebP", "TIFF", "JPEG"])
@pytest.mark.parametrize("order", "<>")
def test_orientation_of_each_format(kind, order):
    for turn in range(1, 9):
        block = b"Exif\0\0" + files.exif_block(order, orientation=turn)
        if kind == "TIFF":
            data = files.tiff_file(order, orientation=turn)
        else:
            data = files.encoded(kind, exif=block)
        assert read_metadata(data, kind)[1] == turn


@pytest.mark.parametrize("kind", ["AVIF", "HEIC"])
def test_avif_and_heic_are_turned_by_their_decoder(kind):
    # Pillow turns an AVIF by itself, and then writes "?" for what is not
    # ASCII; so the block has no orientation.
    block = read_metadata(
        files.encoded("WEBP", exif=files.exif_block()), "WebP"
    )[0].exif
    options = {"exif": block, "xmp": files.xmp_packet()}
    if kind == "AVIF":
        data = files.encoded("AVIF", icc_profile=files.SRGB, **options)
    else:
        file = io.BytesIO()
        photo = pillow_heif.from_pillow(Image.fromarray(files.picture()))
        photo.info["icc_profile"] = files.SRGB
        photo.save(file, **options)
        data = file.getvalue()
    metadata, turn, notes = read_metadata(data, kind)
    assert (turn, notes) == (1, ())
    assert metadata.icc_profile == files.SRGB or kind == "HEIC"
    assert b"(c) Zoe" in metadata.xmp
    exif = Image.Exif()
    exif.load(metadata.exif)
    assert exif[0x13B].encode("latin-1") == files.ARTIST
    assert 0x112 not in exif
    manifest = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
    box = struct.pack(">I4s", 8 + len(manifest), b"uuid") + manifest
    assert "C2PA" in read_metadata(data + box, kind)[2][0]
    # Cut short, the photo is for the decoder to refuse.
    assert read_metadata(data[:60], kind)[0] == Metadata()


@pytest.mark.parametrize("turn", [0, 9, 65535])
def test_an_orientation_that_does_not_exist(turn):
    block = b"Exif\0\0" + files.exif_block(orientation=turn)
    data = files.encoded("JPEG", exif=block)
    assert read_metadata(data, "JPEG")[1] == 1


def test_sizes_become_those_of_the_upright_photo():
    packet = files.xmp_packet(
        attributes=b' tiff:ImageWidth="24" exif:PixelXDimension="24"',
        inside=b"<exif:PixelYDimension>16</exif:PixelYDimension>",
    )
    known = upright(Metadata(exif=files.exif_block(), xmp=packet), 300, 70_000)
    exif = Image.Exif()
    exif.load(known.exif)
    camera = exif.get_ifd(0x8769)
    assert (camera[0xA002], camera[0xA003]) == (300, 70_000)
    assert b'tiff:ImageWidth="300" exif:PixelXDimension="300"' in known.xmp
    assert b"<exif:PixelYDimension>70000<" in known.xmp


def test_uneven_dots_turn_with_the_photo():
    exif = b"Exif\0\0" + files.exif_block(orientation=6)
    data = files.encoded("JPEG", dpi=(300, 200), exif=exif)
    assert read_metadata(data, "JPEG")[0].dpi == (200, 300)


def test_resolution_in_exif_alone():
    exif = Image.Exif()
    exif[0x11A], exif[0x11B], exif[0x128] = 100, 100, 3
    data = files.encoded("WEBP", exif=exif)
    assert read_metadata(data, "WebP")[0].dpi == (254, 254)


def _raw_profile(name, block):
    text = f"\n{name}\n{len(block):8}\n{block.hex()}\n"
    body = f"Raw profile type {name}".encode() + b"\0\0"
    return files.chunk(b"zTXt", body + zlib.compress(text.encode()))


@pytest.mark.parametrize(
    ("name", "block", "field", "expected"),
    [
        ("exif", b"Exif\0\0" + files.exif_block(), "exif", None),
        ("APP1", b"Exif\0\0" + files.exif_block(), "exif", None),
        ("xmp", files.xmp_packet(), "xmp", None),
        (
            "APP1",
            b"http://ns.adobe.com/xap/1.0/\0" + files.xmp_packet(),
            "xmp",
            None,
        ),
        ("iptc", files.iptc_records(), "iptc", files.iptc_records()),
        ("8bim", files.photoshop(files.iptc_records()), "iptc", None),
    ],
)
def test_raw_profiles_of_png(name, block, field, expected):
    data = files.with_chunks(files.encoded("PNG"), _raw_profile(name, block))
    metadata, _, notes = read_metadata(data, "PNG")
    value = getattr(metadata, field)
    assert value and notes == ()
    assert metadata.text == ()
    assert expected is None or value == expected


def test_texts_behind_the_pixels_of_a_png_count():
    plain = files.encoded("PNG")
    text = files.chunk(b"tEXt", b"Author\0Zo\xeb")
    data = plain[:-12] + text + plain[-12:]
    assert read_metadata(data, "PNG")[0].text == (("Author", "Zoë"),)


def test_comments_of_a_gif_wherever_they_stand():
    plain = files.encoded("GIF")
    packet = files.xmp_packet()
    trailer = b"\1" + bytes(range(255, -1, -1)) + b"\0"
    blocks = b"\x21\xff\x0bXMP DataXMP" + packet + trailer
    blocks += b"\x21\xfe\x05hello\x03 gif\0".replace(b"\x03", b"\x04")
    data = plain[:-1] + blocks + plain[-1:]
    metadata, _, _ = read_metadata(data, "GIF")
    assert metadata.comment == "hello gif"
    assert metadata.xmp == packet.replace(b'tion="6"', b'tion="1"')


def test_one_broken_block_costs_no_other():
    photoshop = b"Photoshop 3.0\0" + b"8BIM\x04\x04"
    data = files.with_segments(
        files.encoded("JPEG", icc_profile=files.SRGB[:200]),
        files.segment(0xED, photoshop),
        files.segment(0xE1, b"Exif\0\0II*\0" + b"\xff" * 9),
        files.segment(0xFE, b"still here"),
    )
    metadata, turn, notes = read_metadata(data, "JPEG")
    assert (metadata.comment, turn, len(notes)) == ("still here", 1, 2)
    bomb = b"Title\0\0" + zlib.compress(bytes(50_000_000))
    data = files.with_chunks(
        files.encoded("PNG"),
        files.chunk(b"zTXt", bomb),
        files.chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(50_000_000))),
        files.chunk(b"tEXt", b"Author\0Zoe"),
    )
    metadata, _, notes = read_metadata(data, "PNG")
    assert metadata.text == (("Author", "Zoe"),)
    assert len(notes) == 2


def _greedy_exif():
    """A directory of which every entry claims the same large value."""
    entries = b"".join(
        struct.pack("<HHII", 0x8000 + index, 7, 60_000, 8)
        for index in range(5000)
    )
    return b"II*\0" + struct.pack("<IH", 8, 5000) + entries + bytes(60_000)


def _many_resources():
    """A JPEG of which many segments are to be joined."""
    body = b"Photoshop 3.0\0" + bytes(60_000)
    segments = [files.segment(0xED, body)] * 200
    return files.with_segments(files.encoded("JPEG"), *segments)


def test_no_file_takes_more_than_some_megabytes():
    bombs = [
        files.chunk(b"zTXt", b"T\0\0" + zlib.compress(b"a" * 900_000))
        for _ in range(300)
    ]
    inputs = [
        (files.with_chunks(files.encoded("PNG"), *bombs), "PNG"),
        (_greedy_exif(), "TIFF"),
        (_many_resources(), "JPEG"),
        (files.encoded("GIF")[:-1] + b"\x21\xfe" + b"\1a" * 300_000, "GIF"),
        (
            files.with_chunks(
                files.encoded("PNG"), files.chunk(b"eXIf", _greedy_exif())
            ),
            "PNG",
        ),
    ]
    for data, kind in inputs:
        tracemalloc.start()
        read_metadata(data, kind)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 40_000_000, (kind, peak)


def test_a_packet_of_open_elements_is_read_once():
    # A pattern across elements would try every opening against every byte.
    packet = (
        b'<a xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/">'
        + b"<hdrgm:a>" * 200_000
    )
    body = b"XML:com.adobe.xmp\0\0\0\0\0" + packet
    data = files.with_chunks(files.encoded("PNG"), files.chunk(b"iTXt", body))
    assert read_metadata(data, "PNG")[0].xmp


@settings(max_examples=300, deadline=None)
@given(
    kind=st.sampled_from(sorted(files.INPUTS)),
    places=st.lists(st.floats(0, 1), min_size=1, max_size=12),
    values=st.binary(min_size=12, max_size=12),
    cut=st.floats(0.1, 1),
)
def test_damaged_files_never_raise(kind, places, values, cut):
    data = bytearray(files.INPUTS[kind]())
    for place, value in zip(places, values, strict=False):
        data[int(place * (len(data) - 1))] = value
    data = bytes(data[: max(16, int(cut * len(data)))])
    metadata, turn, _ = read_metadata(data, KINDS[kind])
    assert turn in range(1, 9)
    metadata = upright(metadata, files.WIDTH, files.HEIGHT)
    for suffix in (".png", ".jpg", ".webp", ".tif", ".bmp"):
        result = encode_pixels(
            files.picture(), None, False, suffix, None, metadata
        )
        with Image.open(io.BytesIO(result)) as photo:
            photo.load()


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=200), kind=st.sampled_from(sorted(KINDS)))
def test_any_bytes_never_raise(data, kind):
    signatures = {"png": b"\x89PNG\r\n\x1a\n", "jpg": b"\xff\xd8\xff\xe1"}
    data = signatures.get(kind, b"") + data
    assert isinstance(read_metadata(data, KINDS[kind])[0], Metadata)
