"""EXIF blocks and TIFF directories: read, changed and written entry by entry.

Values stay the bytes they are, for a library that decodes them loses some:
Pillow reads every text as Latin-1, writes "?" for what is not ASCII, and
chooses types anew. A photographer's name in UTF-8 must come out as it came.
"""

import dataclasses
import struct
from typing import NamedTuple

import numpy as np

ORIENTATION = 0x112
SOFTWARE, DATE_TIME, ARTIST, COPYRIGHT = 0x131, 0x132, 0x13B, 0x8298
DOCUMENT_NAME, DESCRIPTION = 0x10D, 0x10E
X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 0x11A, 0x11B, 0x128
RESOLUTION = {X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT}
MAKER_NOTE, USER_COMMENT = 0x927C, 0x9286
EXIF_GROUP, GPS_GROUP, INTEROP_GROUP = 0x8769, 0x8825, 0xA005

ASCII, SHORT, LONG, RATIONAL, UNDEFINED = 2, 3, 4, 5, 7
# Bytes of one value of each TIFF type, and of the numbers that it is made of.
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8}
_SIZES |= {11: 4, 12: 8, 13: 4, 129: 1}
_NUMBERS = _SIZES | {5: 4, 10: 4}

# Width and height as tags of the main and of the Exif group.
_EXTENTS = ((0x100, 0x101), (0xA002, 0xA003))
# Where the pixels of a thumbnail (or of a TIFF) lie, and blocks that have a
# place of their own in `Metadata`: none is true of a copy.
_NOT_KEPT = {0xFE, 0xFF, 0x102, 0x103, 0x106, 0x111, 0x115, 0x116, 0x117}
_NOT_KEPT |= {0x11C, 0x13D, 0x142, 0x143, 0x144, 0x145, 0x14A, 0x152, 0x153}
_NOT_KEPT |= {0x15B, 0x201, 0x202, 700, 33723, 34377, 34675, ORIENTATION}
# All values of one directory together; the rest is left out. Nor can they be
# more than the file, unless they lie about where they are.
_MOST_BYTES = 1 << 23


class Entry(NamedTuple):
    """One value of a directory: its TIFF type, and its bytes."""

    kind: int
    data: bytes

    def number(self, order):
        """The first number, or None if it is not of an integer type."""
        code = {1: "B", 3: "H", 4: "I", 13: "I"}.get(self.kind)
        return code and struct.unpack_from(order + code, self.data)[0]


@dataclasses.dataclass
class Exif:
    """An EXIF block.

    Attributes:
        order: "<" or ">", the byte order.
        main: dict from tag to Entry, the first directory.
        groups: dict from pointer tag (Exif, GPS, Interop) to such a dict.
        note_at: where the MakerNote stood, from the start of the block. Many
            cameras count from there, so it is written there again.
    """

    order: str = "<"
    main: dict = dataclasses.field(default_factory=dict)
    groups: dict = dataclasses.field(default_factory=dict)
    note_at: int | None = None


def read_directory(data, start, order, big=False):
    """Reads one TIFF directory; whatever is out of reach is left out.

    Args:
        data: bytes of the TIFF structure.
        start: int, where the directory begins.
        order: "<" or ">".
        big: whether it is a BigTIFF.

    Returns:
        dict from tag to Entry. Of a tag that occurs twice, the first.
    """
    head, code = ("Q", "HHQ8s") if big else ("H", "HHI4s")
    step, at = struct.calcsize(order + code), start
    entries, left = {}, min(len(data), _MOST_BYTES)
    try:
        number = struct.unpack_from(order + head, data, at)[0]
        at += struct.calcsize(order + head)
        for place in range(at, at + number * step, step):
            tag, kind, count, field = struct.unpack_from(
                order + code, data, place
            )
            size = count * _SIZES.get(kind, 0)
            if size > len(field):
                offset = struct.unpack(order + ("Q" if big else "I"), field)[0]
                field = data[offset : offset + size] if size <= left else b""
            if 0 < size <= len(field) and tag not in entries:
                entries[tag] = Entry(kind, bytes(field[:size]))
                left -= size
    except struct.error:
        pass  # The directory is cut short: what was read of it is sound.
    return entries


def _take_group(data, entries, tag, order):
    """Reads the directory that a pointer tag names; the pointer goes."""
    pointer = entries.pop(tag, None)
    start = pointer.number(order) if pointer else None
    return read_directory(data, start, order) if start else {}


def read_exif(data):
    """Reads an EXIF block.

    Args:
        data: bytes, `II*\\0` or `MM\\0*` first.

    Returns:
        (Exif without thumbnail and orientation, orientation 1..8), or
        (None, 1) if it is broken.
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(bytes(data[:4]))
    if not order or len(data) < 8:
        return None, 1
    start = struct.unpack_from(order + "I", data, 4)[0]
    return exif_of(data, read_directory(data, start, order), order)


def exif_of(data, entries, order):
    """As `read_exif`, of a TIFF structure whose directory has been read."""
    if not entries:
        return None, 1
    turn = entries[ORIENTATION].number(order) if ORIENTATION in entries else 1
    groups = {
        tag: _take_group(data, entries, tag, order)
        for tag in (EXIF_GROUP, GPS_GROUP)
    }
    groups[INTEROP_GROUP] = _take_group(
        data, groups[EXIF_GROUP], INTEROP_GROUP, order
    )
    groups = {tag: group for tag, group in groups.items() if group}
    main = {
        tag: entry for tag, entry in entries.items() if tag not in _NOT_KEPT
    }
    note = groups.get(EXIF_GROUP, {}).get(MAKER_NOTE)
    found = data.find(note.data) if note else -1
    exif = Exif(order, main, groups, found if found > 8 else None)
    return exif, turn if turn in range(1, 9) else 1


def set_size(exif, width, height):
    """Makes the pixel dimensions true where an Exif names them."""
    for tags, group in zip(
        _EXTENTS, (exif.main, exif.groups.get(EXIF_GROUP, {})), strict=True
    ):
        for tag, value in zip(tags, (width, height), strict=True):
            if tag in group:
                group[tag] = Entry(LONG, struct.pack(exif.order + "I", value))


def get_text(exif, tag):
    """A text of the main directory as str; "" if there is none."""
    data = exif.main[tag].data if tag in exif.main else b""
    return decode_text(data.split(b"\0")[0]).strip()


def set_text(exif, tag, text):
    """Sets a text of the main directory, in UTF-8."""
    data = text.replace("\0", " ").encode("utf-8", "replace")
    exif.main[tag] = Entry(ASCII, data + b"\0")


def decode_text(data):
    """Bytes of unknown encoding as str: UTF-8 if they are that, or Latin-1."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def has_comment(exif):
    """Whether the UserComment says anything."""
    entry = exif.groups.get(EXIF_GROUP, {}).get(USER_COMMENT)
    return bool(entry and entry.data[8:].strip(b"\0 "))


def set_comment(exif, text):
    """Sets the UserComment, which names its own encoding."""
    data = (
        b"ASCII\0\0\0" + text.encode()
        if text.isascii()
        else b"UNICODE\0"
        + text.encode("utf-16-le" if exif.order == "<" else "utf-16-be")
    )
    group = exif.groups.setdefault(EXIF_GROUP, {})
    group[USER_COMMENT] = Entry(UNDEFINED, data)


def get_dpi(exif):
    """(x, y) dots an inch of an Exif, or None."""
    unit = exif.main.get(RESOLUTION_UNIT)
    scale = {2: 1, 3: 2.54}.get(unit.number(exif.order) if unit else 2)
    values = []
    for tag in (X_RESOLUTION, Y_RESOLUTION):
        entry = exif.main.get(tag)
        if not scale or not entry or entry.kind != RATIONAL:
            return None
        top, bottom = struct.unpack_from(exif.order + "II", entry.data)
        values.append(scale * top / bottom if bottom else 0)
    return tuple(values)


def set_dpi(exif, dpi):
    """Sets the resolution: (x, y) dots an inch, or None for unknown."""
    for tag, value in zip(
        (X_RESOLUTION, Y_RESOLUTION), dpi or (1, 1), strict=True
    ):
        # A PNG counts dots a metre: its 300 dpi are 299.9994.
        whole = abs(value - round(value)) < 0.01
        parts = (round(value), 1) if whole else (round(value * 1000), 1000)
        exif.main[tag] = Entry(RATIONAL, struct.pack(exif.order + "II", *parts))
    exif.main[RESOLUTION_UNIT] = Entry(
        SHORT, struct.pack(exif.order + "H", 2 if dpi else 1)
    )


def in_order(exif, order):
    """This Exif in the byte order "<" or ">"; its MakerNote may move."""
    if order == exif.order:
        return dataclasses.replace(exif, note_at=None)

    def swap(entries):
        return {
            tag: Entry(
                entry.kind,
                np.frombuffer(entry.data, f"u{_NUMBERS[entry.kind]}")
                .byteswap()
                .tobytes(),
            )
            for tag, entry in entries.items()
        }

    groups = {tag: swap(group) for tag, group in exif.groups.items()}
    return Exif(order, swap(exif.main), groups)


def _size(entries, fixed=()):
    """Bytes of a directory with its values."""
    values = (len(e.data) for tag, e in entries.items() if tag not in fixed)
    return 6 + 12 * len(entries) + sum(n + n % 2 for n in values if n > 4)


def _directory(entries, order, start, fixed):
    """The bytes of one directory that stands at `start`."""
    table = struct.pack(order + "H", len(entries))
    values, at = b"", start + 6 + 12 * len(entries)
    for tag, entry in sorted(entries.items()):
        count = len(entry.data) // _SIZES[entry.kind]
        field = entry.data.ljust(4, b"\0")
        if tag in fixed:
            field = struct.pack(order + "I", fixed[tag])
        elif len(entry.data) > 4:
            field = struct.pack(order + "I", at + len(values))
            values += entry.data + b"\0" * (len(entry.data) % 2)
        table += struct.pack(order + "HHI4s", tag, entry.kind, count, field)
    return table + b"\0\0\0\0" + values


def write_directories(exif, start):
    """Lays out the directories of an Exif one after the other.

    Args:
        exif: Exif.
        start: int, where the bytes will stand in their TIFF structure.

    Returns:
        (bytes, where the main directory stands).
    """
    pointer = Entry(LONG, b"\0\0\0\0")
    blocks = {tag: dict(group) for tag, group in exif.groups.items()}
    blocks[None] = dict(exif.main)
    if INTEROP_GROUP in blocks:
        blocks.setdefault(EXIF_GROUP, {})[INTEROP_GROUP] = pointer
    for tag in (EXIF_GROUP, GPS_GROUP):
        if tag in blocks:
            blocks[None][tag] = pointer
    note = blocks.get(EXIF_GROUP, {}).get(MAKER_NOTE)
    fixed, low, high = {}, start, None
    if note and len(note.data) > 4 and exif.note_at:
        fixed = {MAKER_NOTE: exif.note_at}
        high = exif.note_at + len(note.data) + len(note.data) % 2
    places = {}
    for tag in (None, EXIF_GROUP, INTEROP_GROUP, GPS_GROUP):
        if tag not in blocks:
            continue
        size = _size(blocks[tag], fixed if tag == EXIF_GROUP else ())
        # Before the MakerNote while there is room, and behind it.
        if high is None or low + size <= exif.note_at:
            places[tag], low = low, low + size
        else:
            places[tag], high = high + high % 2, high + high % 2 + size
    for tag, inside in (
        (EXIF_GROUP, None),
        (GPS_GROUP, None),
        (INTEROP_GROUP, EXIF_GROUP),
    ):
        if tag in places:
            where = struct.pack(exif.order + "I", places[tag])
            blocks[inside][tag] = Entry(LONG, where)
    result = bytearray(max(low, high or 0) - start)
    if fixed:
        at = exif.note_at - start
        result[at : at + len(note.data)] = note.data
    for tag, place in places.items():
        data = _directory(
            blocks[tag], exif.order, place, fixed if tag == EXIF_GROUP else {}
        )
        result[place - start : place - start + len(data)] = data
    return bytes(result), places[None]


def write_exif(exif):
    """The bytes of an EXIF block, without the `Exif\\0\\0` of JPEG.

    None if there is nothing in it.
    """
    data, where = write_directories(exif, 8)
    if not exif.main and not exif.groups:
        return None
    mark = b"II*\0" if exif.order == "<" else b"MM\0*"
    return mark + struct.pack(exif.order + "I", where) + data
