"""Small image files that say all that their format can say about a photo.

The blocks are laid out by hand here, so that no test compares the reader with
a writer of the same hand.
"""

import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageCms, PngImagePlugin

WIDTH, HEIGHT = 24, 16
ARTIST = "Zoë Ångström".encode()
COPYRIGHT = "© 2024 Zoë".encode()
MAKER_NOTE = b"ACME\0" + bytes(range(60))
THUMBNAIL = b"\xff\xd8\xff\xe0the old picture\xff\xd9"
COMMENT = "a comment, with é"
TEXTS = {
    "Author": "Zoë",
    "Copyright": "© Zoë",
    "Description": "two birds",
    "Title": "Macaws",
    "Software": "a camera",
    "Creation Time": "2024:05:06 07:08:09",
}
OTHER_TEXT = ("Disclaimer", "no birds were harmed")
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
# Without the moment at which it was made.
SRGB = SRGB[:24] + bytes(12) + SRGB[36:]


def _directory(order, start, entries, following=0):
    """A TIFF directory at `start`; entries are (tag, kind, count, data)."""
    table, values = struct.pack(order + "H", len(entries)), b""
    at = start + 6 + 12 * len(entries)
    for tag, kind, count, data in sorted(entries):
        if len(data) > 4:
            field = struct.pack(order + "I", at + len(values))
            values += data + b"\0" * (len(data) % 2)
        else:
            field = data.ljust(4, b"\0")
        table += struct.pack(order + "HHI4s", tag, kind, count, field)
    return table + struct.pack(order + "I", following) + values


def main_entries(order, texts=True, orientation=6):
    """Entries of the first directory of an EXIF block."""
    entries = [
        (0x112, 3, 1, struct.pack(order + "H", orientation)),
        (0x10F, 2, 5, b"ACME\0"),
    ]
    if texts:
        entries += [
            (0x13B, 2, len(ARTIST) + 1, ARTIST + b"\0"),
            (0x8298, 2, len(COPYRIGHT) + 1, COPYRIGHT + b"\0"),
        ]
    return entries


def photo_entries(order):
    """Entries of the Exif directory: exposure, MakerNote, dimensions."""
    return [
        (0x829A, 5, 1, struct.pack(order + "II", 1, 250)),
        (0x9003, 2, 20, b"2024:05:06 07:08:09\0"),
        (0x927C, 7, len(MAKER_NOTE), MAKER_NOTE),
        (0xA002, 3, 1, struct.pack(order + "H", WIDTH)),
        (0xA003, 3, 1, struct.pack(order + "H", HEIGHT)),
    ]


def gps_entries(order):
    """Entries of the GPS directory: 48 degrees 30 minutes north."""
    return [
        (0, 1, 4, bytes([2, 3, 0, 0])),
        (1, 2, 2, b"N\0"),
        (2, 5, 3, struct.pack(order + "6I", 48, 1, 30, 1, 0, 1)),
    ]


def exif_block(order="<", texts=True, orientation=6):
    """An EXIF block: directories in a camera's order, thumbnail last."""

    def long(value):
        return struct.pack(order + "I", value)

    def build(exif_at, interop_at, gps_at, thumb_at):
        main = main_entries(order, texts, orientation)
        main += [(0x8769, 4, 1, long(exif_at)), (0x8825, 4, 1, long(gps_at))]
        inner = photo_entries(order) + [(0xA005, 4, 1, long(interop_at))]
        interop = [(1, 2, 4, b"R98\0")]
        thumb = [
            (0x201, 4, 1, long(thumb_at + 30)),
            (0x202, 4, 1, long(len(THUMBNAIL))),
        ]
        return [
            _directory(order, 8, main, thumb_at),
            _directory(order, exif_at, inner),
            _directory(order, interop_at, interop),
            _directory(order, gps_at, gps_entries(order)),
            _directory(order, thumb_at, thumb) + THUMBNAIL,
        ]

    sizes = [len(part) for part in build(0, 0, 0, 0)]
    places = [8 + sum(sizes[: index + 1]) for index in range(4)]
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + long(8) + b"".join(build(*places))


def xmp_packet(inside=b"", attributes=b""):
    """An XMP packet that names a right, and an orientation to be turned."""
    return (
        b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description rdf:about="" '
        b'xmlns:dc="http://purl.org/dc/elements/1.1/" '
        b'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" '
        b'tiff:Orientation="6"' + attributes + b">"
        b"<dc:rights><rdf:Alt><rdf:li xml:lang='x-default'>(c) Zoe</rdf:li>"
        b"</rdf:Alt></dc:rights>" + inside + b"</rdf:Description>"
        b'</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    )


def iptc_records():
    """IPTC: by-line, copyright, city."""
    return b"".join(
        struct.pack(">BBBH", 0x1C, 2, number, len(value)) + value
        for number, value in ((80, b"Zoe A."), (116, b"(c) IPTC"), (90, b"Ulm"))
    )


def photoshop(records):
    """IPTC records as JPEG's APP13 and TIFF's tag 34377 keep them."""
    head = struct.pack(">4sHHI", b"8BIM", 0x0404, 0, len(records))
    return head + records + b"\0" * (len(records) % 2)


def segment(marker, body):
    """A JPEG segment."""
    return struct.pack(">BBH", 0xFF, marker, 2 + len(body)) + body


def chunk(name, body):
    """A PNG chunk."""
    checksum = zlib.crc32(name + body)
    return (
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", checksum)
    )


def picture(mode="RGB", seed=0):
    """A smooth picture, [H, W(, C)] uint8."""
    channels = len(mode)
    rng = np.random.default_rng(seed)
    slope = rng.uniform(20, 120, (3, channels))
    y, x = np.mgrid[:HEIGHT, :WIDTH] / [[[HEIGHT]], [[WIDTH]]]
    values = 60 + y[..., None] * slope[0] + x[..., None] * slope[1]
    return values.astype(np.uint8).squeeze()


def encoded(kind, mode="RGB", **options):
    """The picture by Pillow, with nothing told about it."""
    file = io.BytesIO()
    Image.fromarray(picture(mode)).save(file, kind, **options)
    return file.getvalue()


def with_segments(jpeg, *segments):
    """A JPEG with segments put in after its first."""
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def with_chunks(png, *chunks):
    """A PNG with chunks put in after its header."""
    return png[:33] + b"".join(chunks) + png[33:]


def _jpg():
    plain = encoded("JPEG", icc_profile=SRGB, dpi=(300, 300))
    return with_segments(
        plain,
        segment(0xE1, b"Exif\0\0" + exif_block()),
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp_packet()),
        segment(0xED, b"Photoshop 3.0\0" + photoshop(iptc_records())),
        segment(0xEB, b"JP\0\1\0\0\0\1\0\0\0\x40jumb....jumdc2pa"),
        segment(0xFE, COMMENT.encode()),
    )


def _png():
    info = PngImagePlugin.PngInfo()
    for key, value in (*TEXTS.items(), OTHER_TEXT, ("Comment", COMMENT)):
        info.add_text(key, value)
    info.add_itxt("XML:com.adobe.xmp", xmp_packet())
    records = photoshop(iptc_records())
    text = f"\niptc\n{len(records):8}\n{records.hex()}\n"
    info.add_text("Raw profile type iptc", text, zip=True)
    plain = encoded("PNG", icc_profile=SRGB, dpi=(300, 300), pnginfo=info)
    return with_chunks(
        plain,
        chunk(b"eXIf", exif_block(texts=False)),
        chunk(b"caBX", b"jumb c2pa"),
    )


def _webp():
    data = encoded(
        "WEBP", exif=exif_block(), xmp=xmp_packet(), icc_profile=SRGB
    )
    data += b"C2PA" + struct.pack("<I", 4) + b"jumb"
    return data[:4] + struct.pack("<I", len(data) - 8) + data[8:]


def tiff_file(order="<", orientation=6):
    """A TIFF laid out by hand: one strip, and directories behind it."""

    def number(tag, kind, value):
        code = {3: "H", 4: "I"}[kind]
        return (tag, kind, 1, struct.pack(order + code, value))

    pixels = picture().tobytes()
    entries = main_entries(order, orientation=orientation) + [
        number(0x100, 3, WIDTH),
        number(0x101, 3, HEIGHT),
        (0x102, 3, 3, struct.pack(order + "3H", 8, 8, 8)),
        number(0x103, 3, 1),
        number(0x106, 3, 2),
        number(0x111, 4, 8),
        number(0x115, 3, 3),
        number(0x117, 4, len(pixels)),
        (0x11A, 5, 1, struct.pack(order + "II", 300, 1)),
        (0x11B, 5, 1, struct.pack(order + "II", 300, 1)),
        number(0x128, 3, 2),
        (700, 1, len(xmp_packet()), xmp_packet()),
        (33723, 7, len(iptc_records()), iptc_records()),
        (34675, 7, len(SRGB), SRGB),
        (52545, 7, 9, b"jumb c2pa"),
    ]
    exif_at = 8 + len(pixels)
    inner = _directory(order, exif_at, photo_entries(order))
    gps_at = exif_at + len(inner)
    gps = _directory(order, gps_at, gps_entries(order))
    main_at = gps_at + len(gps)
    entries += [number(0x8769, 4, exif_at), number(0x8825, 4, gps_at)]
    mark = b"II*\0" if order == "<" else b"MM\0*"
    head = mark + struct.pack(order + "I", main_at)
    return head + pixels + inner + gps + _directory(order, main_at, entries)


def _gif():
    return encoded("GIF", comment=COMMENT.encode())


def _bmp():
    return encoded("BMP", dpi=(300, 300))


# All that each format can say.
INPUTS = {
    "jpg": _jpg,
    "png": _png,
    "webp": _webp,
    "tiff": tiff_file,
    "gif": _gif,
    "bmp": _bmp,
}


def gray_profile(gamma):
    """An ICC profile of gray with a gamma."""
    curve = b"curv\0\0\0\0" + struct.pack(">IH2x", 1, round(gamma * 256))
    d50 = struct.pack(">3i", 63190, 65536, 54061)
    tags = {
        b"wtpt": b"XYZ \0\0\0\0" + d50,
        b"kTRC": curve,
        b"cprt": b"text\0\0\0\0test\0\0\0\0",
    }
    table, values = struct.pack(">I", len(tags)), b""
    start = 132 + 12 * len(tags)
    for name, body in tags.items():
        table += name + struct.pack(">II", start + len(values), len(body))
        values += body
    head = struct.pack(
        ">I4xI4s4s4s12x4s28x",
        start + len(values),
        0x02100000,
        b"mntr",
        b"GRAY",
        b"XYZ ",
        b"acsp",
    )
    return (head + d50).ljust(128, b"\0") + table + values
