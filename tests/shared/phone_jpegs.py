"""JPEG layouts of phones and old cameras: several things in APP2, more behind.

Each layout is a small JPEG with, or without, the sRGB profile, and the words
that must be said about what is left out of it.
"""

import io
import struct

from PIL import Image

from tests.shared.metadata_files import (
    SRGB,
    encoded,
    exif_block,
    picture,
    segment,
    with_segments,
    xmp_packet,
)

GAIN_MAP_XMP = xmp_packet(
    attributes=(
        b' xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" '
        b'xmlns:Container="http://ns.google.com/photos/1.0/container/" '
        b'xmlns:Item="http://ns.google.com/photos/1.0/container/item/" '
        b'hdrgm:Version="1.0" hdrgm:GainMapMax="3.5"'
    ),
    inside=(
        b"<Container:Directory><rdf:Seq><rdf:li rdf:parseType='Resource'>"
        b'<Container:Item Item:Semantic="Primary" Item:Mime="image/jpeg"/>'
        b"</rdf:li></rdf:Seq></Container:Directory>"
        b"<hdrgm:Gamma><rdf:Seq><rdf:li>1</rdf:li></rdf:Seq></hdrgm:Gamma>"
    ),
)
MOTION_XMP = xmp_packet(
    attributes=(
        b' xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" '
        b'GCamera:MotionPhoto="1" GCamera:MotionPhotoVersion="1" '
        b'GCamera:MicroVideoOffset="40"'
    )
)


def _mpf():
    """An index of two pictures, as cameras write it: 76 bytes of APP2."""
    entries = struct.pack(">HHI4s", 0xB000, 7, 4, b"0100")
    entries += struct.pack(">HHII", 0xB001, 4, 1, 2)
    entries += struct.pack(">HHII", 0xB002, 7, 32, 50)
    pictures = struct.pack(">IIIHH", 0x30000, 900, 0, 0, 0)
    pictures += struct.pack(">IIIHH", 0, 900, 1000, 0, 0)
    head = b"MM\0*" + struct.pack(">IH", 8, 3)
    return segment(0xE2, b"MPF\0" + head + entries + bytes(4) + pictures)


def _icc(profile=SRGB, parts=1):
    """A profile in `parts` segments."""
    step = -(-len(profile) // parts)
    return [
        segment(
            0xE2,
            b"ICC_PROFILE\0"
            + bytes([index + 1, parts])
            + profile[index * step : (index + 1) * step],
        )
        for index in range(parts)
    ]


def _xmp(packet):
    return segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet)


def _jpeg(*segments, behind=b""):
    return with_segments(encoded("JPEG"), *segments) + behind


def mpo(*segments, further=1, behind=b""):
    """Pictures with an index that is true of the file."""
    file = io.BytesIO()
    photo = Image.fromarray(picture())
    photo.save(file, "MPO", save_all=True, append_images=[photo] * further)
    return with_segments(file.getvalue(), *segments) + behind


SECOND = encoded("JPEG")
ISO_GAIN_MAP = segment(0xE2, b"urn:iso:std:iso:ts:21496:-1\0\0\0\0\0")
MOTION = _xmp(MOTION_XMP)
EXIF = segment(0xE1, b"Exif\0\0" + exif_block(">"))
FPXR = segment(0xE2, b"FPXR\0" + bytes(40))
EXTENDED = segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + bytes(60))

# name: (bytes, whether there is a profile, words of the notes).
LAYOUTS = {
    "MPF": (_jpeg(_mpf(), behind=SECOND), False, ["MPF"]),
    "ICC, MPF": (_jpeg(*_icc(), _mpf(), behind=SECOND), True, ["MPF"]),
    "MPF, ICC": (_jpeg(_mpf(), *_icc(), behind=SECOND), True, ["MPF"]),
    "ICC in parts, MPF between": (
        _jpeg(_icc(parts=3)[2], _mpf(), *_icc(parts=3)[:2]),
        True,
        ["MPF"],
    ),
    "Ultra HDR": (
        _jpeg(EXIF, _xmp(GAIN_MAP_XMP), *_icc(), _mpf(), behind=SECOND),
        True,
        ["MPF", "gain map"],
    ),
    "Ultra HDR of ISO": (
        _jpeg(EXIF, ISO_GAIN_MAP, *_icc(), _mpf(), behind=SECOND),
        True,
        ["MPF", "gain map"],
    ),
    "motion photo": (
        _jpeg(EXIF, MOTION, *_icc(), behind=b"\0\0\0\x18ftypmp42"),
        True,
        ["motion photo"],
    ),
    "FPXR": (_jpeg(FPXR), False, ["FPXR"]),
    "FPXR, ICC": (_jpeg(FPXR, *_icc()), True, ["FPXR"]),
    "MPO": (mpo(), False, ["MPF"]),
    "extended XMP": (
        _jpeg(_xmp(xmp_packet()), EXTENDED),
        False,
        ["extended XMP"],
    ),
    "ICC without its second part": (
        _jpeg(_icc(parts=2)[0]),
        False,
        ["parts of it are missing"],
    ),
    "unknown": (_jpeg(segment(0xE4, b"QVCI\0")), False, ["APP4"]),
    "plain": (_jpeg(), False, []),
}
