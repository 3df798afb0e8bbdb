"""EXIF blocks: nothing that is true is lost, and nothing moves needlessly."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from shared import exif as exif_blocks
from shared.exif import Entry, Exif, in_order, read_exif, write_exif
from tests.shared import metadata_files as files


def _seen(block):
    """The block as Pillow reads it."""
    exif = Image.Exif()
    exif.load(block)
    return exif


@pytest.mark.parametrize("order", "<>")
def test_a_block_comes_out_as_it_went_in(order):
    exif, turn = read_exif(files.exif_block(order))
    assert turn == 6
    block = write_exif(exif)
    seen = _seen(block)
    assert seen[0x13B].encode("latin-1") == files.ARTIST
    assert seen.get_ifd(0x8825) == {0: b"\2\3\0\0", 1: "N", 2: (48, 30, 0)}
    assert seen.get_ifd(0x8769)[0x927C] == files.MAKER_NOTE
    assert seen.get_ifd(0xA005) == {1: "R98"}
    # Twice is once.
    assert write_exif(read_exif(block)[0]) == block


@pytest.mark.parametrize("order", "<>")
def test_orientation_and_thumbnail_are_gone(order):
    block = write_exif(read_exif(files.exif_block(order))[0])
    assert files.THUMBNAIL not in block
    assert 0x112 not in _seen(block)
    assert not _seen(block).get_ifd(0x201)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("text", ["", "a" * 30, "a" * 3000])
def test_a_maker_note_stays_where_it_is(order, text):
    # Cameras count offsets within it from the start of the block.
    before = files.exif_block(order)
    exif, _ = read_exif(before)
    if text:
        exif_blocks.set_text(exif, exif_blocks.DESCRIPTION, text)
    after = write_exif(exif)
    place = before.index(files.MAKER_NOTE)
    assert after.index(files.MAKER_NOTE) == place
    seen = _seen(after)
    assert seen.get_ifd(0x8769)[0x927C] == files.MAKER_NOTE
    assert seen.get(0x10E, "") == text
    assert seen.get_ifd(0x8825)[1] == "N"


@pytest.mark.parametrize("order", "<>")
def test_the_other_byte_order_says_the_same(order):
    exif, _ = read_exif(files.exif_block(order))
    other = in_order(exif, {"<": ">", ">": "<"}[order])
    one, two = _seen(write_exif(exif)), _seen(write_exif(other))
    for group in (0x8769, 0x8825, 0xA005):
        here, there = dict(one.get_ifd(group)), dict(two.get_ifd(group))
        here.pop(0xA005, None), there.pop(0xA005, None)  # Where it stands.
        assert here == there and here
    assert one[0x13B] == two[0x13B]
    assert in_order(other, order).main == exif.main


@pytest.mark.parametrize(
    ("dpi", "expected"),
    [
        ((300, 300), (300, 300)),
        ((299.9994,) * 2, (300, 300)),
        ((72.5, 96),) * 2,
    ],
)
def test_dots_per_inch(dpi, expected):
    exif = Exif(">")
    exif_blocks.set_dpi(exif, dpi)
    assert exif_blocks.get_dpi(exif) == expected
    exif_blocks.set_dpi(exif, None)
    assert exif_blocks.get_dpi(exif) is None


@pytest.mark.parametrize("text", ["plain", "mit Umlaut: ä", "鳥"])
@pytest.mark.parametrize("order", "<>")
def test_a_comment_names_its_encoding(text, order):
    exif = Exif(order)
    assert not exif_blocks.has_comment(exif)
    exif_blocks.set_comment(exif, text)
    assert exif_blocks.has_comment(exif)
    value = _seen(write_exif(exif)).get_ifd(0x8769)[0x9286]
    codec = {"<": "utf-16-le", ">": "utf-16-be"}[order]
    if text.isascii():
        codec = "ascii"
    assert value[8:].decode(codec) == text
    assert value[:8] == (b"ASCII\0\0\0" if text.isascii() else b"UNICODE\0")


def test_texts_are_utf_8_or_latin_1():
    exif = Exif()
    for data in ("Zoë".encode(), "Zoë".encode("latin-1")):
        exif.main[0x13B] = Entry(2, data + b"\0junk")
        assert exif_blocks.get_text(exif, 0x13B) == "Zoë"
    assert exif_blocks.get_text(exif, 0x8298) == ""


def test_an_empty_block_is_none():
    assert write_exif(Exif()) is None
    assert read_exif(b"") == (None, 1)
    assert read_exif(b"II*\0\xff\xff\0\0") == (None, 1)


def test_a_directory_that_points_at_itself():
    block = b"II*\0" + struct.pack("<IH", 8, 1)
    block += struct.pack("<HHII", 0x8769, 4, 1, 8) + bytes(4)
    exif, _ = read_exif(block)
    assert exif.main == {} and list(exif.groups) == [0x8769]
    assert read_exif(write_exif(exif))[0] is not None


@settings(max_examples=300, deadline=None)
@given(
    places=st.lists(st.integers(0, 400), max_size=8),
    values=st.binary(min_size=8, max_size=8),
    order=st.sampled_from("<>"),
)
def test_a_damaged_block_is_read_or_refused(places, values, order):
    block = bytearray(files.exif_block(order))
    for place, value in zip(places, values, strict=False):
        block[place % len(block)] = value
    exif, turn = read_exif(bytes(block))
    assert turn in range(1, 9)
    if exif:
        again = write_exif(exif)
        assert again is None or len(again) < 3 * len(block)
        assert not again or write_exif(read_exif(again)[0])
