"""Where image files keep what they say about a photo.

One reader a format. Each takes the blocks as they lie in the file, without
looking into them, and notes what it leaves; `shared.metadata` checks them. One
broken block costs no other, which is why the files are walked here and not
opened with Pillow: it gives up on the whole header.
"""

import io
import itertools
import struct

from PIL import PngImagePlugin

from shared import exif as exif_blocks
from shared.vips import pyvips

_RAW_PROFILE = "Raw profile type "
_IPTC = 0x0404
_MPF_PICTURES = 0xB002
_C2PA_BOX = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
# All texts of a file together, in characters; each block of a GIF, in bytes.
_MOST_TEXT = 4_000_000
# Blocks of a file that are looked at, and bytes of a GIF: more are no photo.
_MOST_BLOCKS = 1_000_000
_MOST_GIF = 1 << 24
_COLOR_CHUNKS = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"cICP": 4}
_COLOR_CHUNKS |= {b"mDCV": 24, b"cLLI": 8}

C2PA_NOTE = (
    "its C2PA manifest is left out, for it would not be valid for changed "
    "pixels; sign the new file"
)
GAIN_MAP_NOTE = "its HDR gain map is left out; the standard picture is used"
MOTION_NOTE = "the video of the motion photo is left out"
SECOND_NOTE = "a second picture in the file (MPF) is left out"
FURTHER_NOTE = "further pictures in the file (MPF) are left out"


class Found(dict):
    """Blocks as they lie in the file, the first of each kind, and notes."""

    def __init__(self):
        super().__init__(text=[], color=[])
        self.notes = []

    def offer(self, key, value):
        if value and key not in self:
            self[key] = value

    def note(self, text):
        if text not in self.notes:
            self.notes.append(text)


def _photoshop(data, found):
    """Takes the IPTC records from Photoshop's image resources (8BIM)."""
    at = 0
    while data[at : at + 4] == b"8BIM" and at + 12 <= len(data):
        code, name = struct.unpack_from(">HB", data, at + 4)
        at += 7 + name + (name + 1) % 2
        size = int.from_bytes(data[at : at + 4], "big")
        if code == _IPTC:
            found.offer("iptc", data[at + 4 : at + 4 + size])
        at += 4 + size + size % 2


def _segments(data):
    """(marker, body, its place) of a JPEG's segments before its pixels."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in (0xD9, 0xDA):
            return
        if marker == 0xFF:  # A fill byte.
            at += 1
            continue
        at += 2
        if marker != 1 and marker not in range(0xD0, 0xD9):
            size = int.from_bytes(data[at : at + 2], "big")
            yield marker, data[at + 2 : at + size], at + 2
            at += size


def _mpf_pictures(index):
    """What an MPF index names besides the first picture.

    Returns:
        [(offset from the index, bytes), ...], or None if it is broken.
    """
    order = "<" if index[:2] == b"II" else ">"
    start = struct.unpack_from(order + "I", index.ljust(8, b"\0"), 4)[0]
    entries = exif_blocks.read_directory(index, start, order)
    pictures = entries[_MPF_PICTURES].data if _MPF_PICTURES in entries else b""
    if not pictures or len(pictures) % 16:
        return None
    return [
        struct.unpack_from(order + "4xII", pictures, at)[::-1]
        for at in range(16, len(pictures), 16)
    ]


def mpf_end(data):
    """Where the last of a JPEG's pictures ends, as its MPF index has it.

    Returns:
        int: 0 without an index; the file's size with one that is not true of
        the file, as programs leave it that know nothing of MPF.
    """
    end = 0
    for marker, body, at in itertools.islice(_segments(data), _MOST_BLOCKS):
        if marker == 0xE2 and body.startswith(b"MPF\0"):
            pictures = _mpf_pictures(body[4:])
            if pictures is None:
                return len(data)
            for offset, size in pictures:
                start = at + 4 + offset
                if data[start : start + 2] != b"\xff\xd8":
                    return len(data)
                end = max(end, start + size)
    return min(end, len(data))


def _jpeg(data, found):
    profile, unknown = {}, set()
    exif, photoshop = bytearray(), bytearray()
    for marker, body, _ in itertools.islice(_segments(data), _MOST_BLOCKS):
        if marker == 0xFE:
            found.offer("comment", body)
        elif marker == 0xE0 and body.startswith(b"JFIF\0"):
            unit, x, y = struct.unpack_from(">BHH", body.ljust(12, b"\0"), 7)
            scale = {1: 1, 2: 2.54}.get(unit, 0)
            found.offer("dpi", scale and (scale * x, scale * y))
        elif marker == 0xE1 and body.startswith(b"Exif\0\0"):
            exif += body[6:]
        elif marker == 0xE1 and body.startswith(b"http://ns.adobe.com/xap/"):
            found.offer("xmp", body.partition(b"\0")[2])
        elif marker == 0xE1 and body.startswith(b"http://ns.adobe.com/xmp/e"):
            found.note("its extended XMP is left out, its main XMP is kept")
        elif marker == 0xE2 and body.startswith(b"ICC_PROFILE\0"):
            if len(body) > 14:
                profile.setdefault(body[12], body[14:])
                profile[-1] = body[13]
        elif marker == 0xE2 and body.startswith(b"MPF\0"):
            pictures = _mpf_pictures(body[4:])
            if pictures is None or len(pictures) > 1:
                found.note(FURTHER_NOTE)
            elif pictures:
                found.note(SECOND_NOTE)
        elif marker == 0xE2 and body.startswith(b"urn:iso:std:iso:ts:21496"):
            found.note(GAIN_MAP_NOTE)
        elif marker == 0xE2 and body.startswith(b"FPXR\0"):
            found.note("its FlashPix data (FPXR) is left out")
        elif marker == 0xEB and b"c2pa" in body:
            found.note(C2PA_NOTE)
        elif marker == 0xED and body.startswith(b"Photoshop 3.0\0"):
            photoshop += body[14:]
        elif marker in range(0xE1, 0xF0) and marker not in (0xEC, 0xEE):
            unknown.add(f"APP{marker - 0xE0}")
    found.offer("exif", bytes(exif))
    _photoshop(bytes(photoshop), found)
    count = profile.pop(-1, 0)
    if profile and len(profile) != count:
        found.note("its colour profile is left out: parts of it are missing")
    else:
        found.offer("icc", b"".join(profile[key] for key in sorted(profile)))
    if unknown:
        names = ", ".join(sorted(unknown))
        found.note(f"application data of unknown kind is left out ({names})")


def _raw_profile(key, text, found):
    """Takes a block that ImageMagick and exiv2 hide in a text, as digits."""
    try:
        _, size, digits = text.strip().split("\n", 2)
        block = bytes.fromhex(digits)[: int(size)]
    except ValueError:
        found.note(f"its text {ascii(key)} is left out: it is broken")
        return
    kind = key.removeprefix(_RAW_PROFILE).lower()
    if kind in ("exif", "app1") and block.startswith((b"Exif", b"II", b"MM")):
        found.offer("exif", block)
    elif kind in ("xmp", "app1"):
        found.offer(
            "xmp", block.removeprefix(b"http://ns.adobe.com/xap/1.0/\0")
        )
    elif kind in ("iptc", "8bim") and block.startswith(b"8BIM"):
        _photoshop(block, found)
    elif kind == "iptc":
        found.offer("iptc", block)


def _png_text(stream, name, body, found):
    """Reads a text chunk with Pillow, which knows the kinds and the limits."""
    stream.fp = io.BytesIO(body)
    stream.im_text.clear()
    handler = {b"tEXt": stream.chunk_tEXt, b"zTXt": stream.chunk_zTXt}
    try:
        handler.get(name, stream.chunk_iTXt)(0, len(body))
    except (ValueError, SyntaxError):
        found.note("a text is left out: it is broken or too long")
    for key, value in stream.im_text.items():
        if key == "XML:com.adobe.xmp":
            found.offer("xmp", value.encode())
        elif key.startswith(_RAW_PROFILE):
            _raw_profile(key, value, found)
        elif key == "Comment":
            found.offer("comment", value.encode())
        elif value:
            found["text"].append((key, str(value)))


def _chunks(data):
    """(name, slice of the body) of the chunks of a PNG."""
    at = 8
    while at + 12 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 8], slice(at + 8, at + 8 + size)
        at += 12 + size


def _png(data, found):
    stream = PngImagePlugin.PngStream(io.BytesIO())
    for name, place in itertools.islice(_chunks(data), _MOST_BLOCKS):
        if name in (b"tEXt", b"zTXt", b"iTXt"):
            if stream.text_memory > _MOST_TEXT:
                found.note("texts are left out: they are too long")
                continue
            _png_text(stream, name, data[place], found)
        elif name == b"iCCP":
            stream.fp = io.BytesIO(data[place])
            try:
                stream.chunk_iCCP(0, place.stop - place.start)
                found.offer("icc", stream.im_info["icc_profile"] or b"?")
            except (ValueError, SyntaxError, IndexError):
                found.offer("icc", b"?")
        elif name == b"pHYs":
            x, y, unit = struct.unpack_from(">IIB", data[place].ljust(9, b"\0"))
            found.offer("dpi", unit == 1 and (0.0254 * x, 0.0254 * y))
        elif name == b"eXIf":
            found.offer("exif", data[place])
        elif name == b"caBX":
            found.note(C2PA_NOTE)
        elif _COLOR_CHUNKS.get(name) == place.stop - place.start:
            found["color"].append((name, data[place]))


def _webp(data, found):
    at = 12
    keys = {b"EXIF": "exif", b"XMP ": "xmp", b"ICCP": "icc"}
    for _ in range(_MOST_BLOCKS):
        name = data[at : at + 4]
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        if name in keys:
            found.offer(keys[name], data[at + 8 : at + 8 + size])
        elif name == b"C2PA":
            found.note(C2PA_NOTE)
        at += 8 + size + size % 2
        if at + 8 > len(data):
            return


# Tags of a TIFF that tell about the photo and not about the file.
_TIFF_TAGS = {0x10D, 0x10E, 0x10F, 0x110, 0x11A, 0x11B, 0x11D, 0x128, 0x131}
_TIFF_TAGS |= {0x132, 0x13B, 0x13C, 0x4746, 0x4749, 0x8298, 0x8769, 0x8825}
_TIFF_TAGS |= {0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F}
_TIFF_BLOCKS = {700: "xmp", 33723: "iptc", 34675: "icc"}
_GEO_TAGS = {33550, 33922, 34264, 34735, 34736, 34737}


def _tiff(data, found):
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    start = struct.unpack_from(
        order + ("Q" if big else "I"), data, 8 if big else 4
    )[0]
    entries = exif_blocks.read_directory(data, start, order, big)
    for tag, key in _TIFF_BLOCKS.items():
        if tag in entries:
            found.offer(key, entries[tag].data)
    if 34377 in entries:
        _photoshop(entries[34377].data, found)
    if 52545 in entries:
        found.note(C2PA_NOTE)
    if _GEO_TAGS & entries.keys():
        found.note("its GeoTIFF tags are left out")
    kept = _TIFF_TAGS | {exif_blocks.ORIENTATION}
    found["parsed"] = exif_blocks.exif_of(
        data, {tag: entries[tag] for tag in kept & entries.keys()}, order
    )


def _gif_blocks(data, at):
    """(where a chain of GIF sub-blocks ends, its first `_MOST_TEXT` bytes)."""
    joined, start = bytearray(), at
    while at < len(data) and data[at]:
        if at < start + _MOST_TEXT:
            joined += data[at + 1 : at + 1 + data[at]]
        at += 1 + data[at]
    return at + 1, bytes(joined)


def _gif_table(flags):
    """Bytes of the colour table that a byte of flags announces."""
    return 6 << (flags & 7) if flags & 0x80 else 0


def _gif(data, found):
    data = data[:_MOST_GIF]
    at = 13 + _gif_table(data[10])
    comments = []
    while at + 10 < len(data) and data[at] in (0x21, 0x2C):
        if data[at] == 0x2C:
            at, _ = _gif_blocks(data, at + 11 + _gif_table(data[at + 9]))
            continue
        start, label = at, data[at + 1]
        at, body = _gif_blocks(data, at + 2)
        if label == 0xFE:
            comments.append(body)
        elif body.startswith(b"XMP DataXMP"):
            # The packet stands there whole; the bytes behind it only make
            # sure that whoever skips sub-blocks arrives at the end.
            packet = data[start + 14 : min(at, start + _MOST_TEXT)]
            found.offer("xmp", packet.partition(b"\1\xff\xfe")[0])
    found.offer("comment", b"\n".join(comments)[:_MOST_TEXT])


def _bmp(data, found):
    if int.from_bytes(data[14:18], "little") >= 40:
        x, y = struct.unpack_from("<ii", data, 38)
        found.offer("dpi", (0.0254 * x, 0.0254 * y))


def _in_boxes(data, found):
    """Notes what HEIC and AVIF hold besides, and that they are upright."""
    # Where the picture is turned, its decoder has done so already.
    found["upright"] = True
    if _C2PA_BOX in data:
        found.note(C2PA_NOTE)
    if b":aux:hdrgainmap" in data:
        found.note(GAIN_MAP_NOTE)


def _avif(data, found):
    _in_boxes(data, found)
    image = pyvips.Image.new_from_buffer(data, "")
    for key, field in (
        ("exif", "exif-data"),
        ("xmp", "xmp-data"),
        ("icc", "icc-profile-data"),
    ):
        if image.get_typeof(field):
            found.offer(key, bytes(image.get(field)))


def _heic(data, found):
    import pillow_heif

    _in_boxes(data, found)
    with pillow_heif.HeifImageFile(io.BytesIO(data)) as photo:
        for key in ("exif", "xmp", "icc_profile"):
            found.offer(key.removesuffix("_profile"), photo.info.get(key))


_READERS = {"JPEG": _jpeg, "PNG": _png, "WebP": _webp, "TIFF": _tiff}
_READERS |= {"GIF": _gif, "BMP": _bmp, "HEIC": _heic, "AVIF": _avif}


def find_blocks(data, kind):
    """Finds the blocks in a file; see `shared.metadata.read_metadata`.

    Returns:
        Found.
    """
    found = Found()
    try:
        _READERS.get(kind, lambda data, found: None)(data, found)
    except Exception as error:
        # Pillow and struct raise many kinds on hostile bytes. None of them
        # says anything about the pixels, which are read without this.
        found.note(f"some metadata cannot be read ({type(error).__name__})")
    return found
