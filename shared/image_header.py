"""Width, height and format of an image file from its header alone.

Decoding an untrusted file first and looking at its size afterwards is how a
40 KB file takes 10 GB of memory. OpenCV has no call that stops after the
header, so the few formats that photographs come in are read here.
"""

import struct
import zlib


class HeaderError(ValueError):
    """The bytes are not an image of a known format, or are cut short."""


# Markers of a JPEG that carry no length, and those of a frame header.
_JPEG_BARE = {0x01, *range(0xD0, 0xD9)}
_JPEG_FRAME = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def _jpeg(data):
    position = 2
    while True:
        # A marker may be preceded by any number of fill bytes 0xFF.
        while data[position] == 0xFF and data[position + 1] == 0xFF:
            position += 1
        marker = data[position + 1]
        if data[position] != 0xFF or marker == 0xDA:
            raise HeaderError("it has no frame header")
        if marker in _JPEG_FRAME:
            height, width = struct.unpack_from(">HH", data, position + 5)
            return width, height
        position += 2
        if marker not in _JPEG_BARE:
            position += struct.unpack_from(">H", data, position)[0]


def _png(data):
    return struct.unpack_from(">II", data, 16)


def _gif(data):
    return struct.unpack_from("<HH", data, 6)


def _bmp(data):
    if struct.unpack_from("<I", data, 14)[0] == 12:
        return struct.unpack_from("<HH", data, 18)
    width, height = struct.unpack_from("<ii", data, 18)
    return width, abs(height)


def _webp(data):
    chunk = bytes(data[12:16])
    if chunk == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    if chunk == b"VP8L":
        packed = struct.unpack_from("<I", data, 21)[0]
        return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    if chunk == b"VP8X":
        return (
            int.from_bytes(data[24:27], "little") + 1,
            int.from_bytes(data[27:30], "little") + 1,
        )
    raise HeaderError("its WebP stream is of an unknown kind")


def read_tiff_tags(data):
    """Reads the first directory of a TIFF structure (a TIFF file, or EXIF).

    Args:
        data: bytes starting with the byte order mark `II` or `MM`.

    Returns:
        dict from tag number to value, of the tags with one 16- or 32-bit
        unsigned value.

    Raises:
        HeaderError: if the directory is cut short or not TIFF.
    """
    order = {b"II": "<", b"MM": ">"}.get(bytes(data[:2]))
    try:
        if not order or struct.unpack_from(order + "H", data, 2)[0] != 42:
            raise HeaderError("it is no TIFF structure")
        start = struct.unpack_from(order + "I", data, 4)[0]
        tags = {}
        for index in range(struct.unpack_from(order + "H", data, start)[0]):
            entry = start + 2 + 12 * index
            tag, kind, count = struct.unpack_from(order + "HHI", data, entry)
            if count == 1 and kind in (3, 4):
                code = "H" if kind == 3 else "I"
                value = struct.unpack_from(order + code, data, entry + 8)[0]
                tags[tag] = value
    except struct.error as error:
        raise HeaderError("it is cut short") from error
    return tags


def _tiff(data):
    tags = read_tiff_tags(data)
    if 256 not in tags or 257 not in tags:
        raise HeaderError("it names no width and height")
    return tags[256], tags[257]


_READERS = (
    ("JPEG", lambda data: data[:3] == b"\xff\xd8\xff", _jpeg),
    ("PNG", lambda data: data[:8] == b"\x89PNG\r\n\x1a\n", _png),
    (
        "WebP",
        lambda data: data[:4] == b"RIFF" and data[8:12] == b"WEBP",
        _webp,
    ),
    ("TIFF", lambda data: data[:4] in (b"II*\0", b"MM\0*"), _tiff),
    ("GIF", lambda data: data[:6] in (b"GIF87a", b"GIF89a"), _gif),
    ("BMP", lambda data: data[:2] == b"BM", _bmp),
)


def read_header(data):
    """Reads format and size of an image without decoding it.

    Args:
        data: the bytes of a JPEG, PNG, WebP, TIFF, GIF or BMP file.

    Returns:
        (format, width, height): name in the spelling above, and pixels before
        any EXIF rotation.

    Raises:
        HeaderError: if the format is none of these, or the header is cut
            short or names an empty image.
    """
    for name, matches, reader in _READERS:
        if not matches(data):
            continue
        try:
            width, height = reader(data)
        except (struct.error, IndexError) as error:
            raise HeaderError("it is cut short") from error
        if width < 1 or height < 1:
            raise HeaderError("its header names an empty image")
        return name, width, height
    raise HeaderError("it is no JPEG, PNG, WebP, TIFF, GIF or BMP file")


def check_png(data):
    """Walks the chunks of a PNG and checks each length and checksum.

    libpng prints to stderr on a damaged file, past any error handling; asking
    here first keeps the message one line and ours.

    Raises:
        HeaderError: if a chunk is cut short or damaged, or the end is missing.
    """
    position = 8
    while position + 12 <= len(data):
        length = struct.unpack_from(">I", data, position)[0]
        end = position + 12 + length
        if end > len(data):
            break
        body = memoryview(data)[position + 4 : end - 4]
        if zlib.crc32(body) != struct.unpack_from(">I", data, end - 4)[0]:
            raise HeaderError("it is damaged (a PNG checksum does not match)")
        if body[:4] == b"IEND":
            return
        position = end
    raise HeaderError("it is cut short")
