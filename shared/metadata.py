"""What an image file says about its photo: read, checked, and made upright.

A photo is given back with other pixels, often in another format. What the
file says stays, as long as it is still true of the new one: who took it,
when, where, under which licence, in which colours. What it says about bytes
that are not kept (a thumbnail, a second picture) goes, and a note tells so.

Nothing here raises on hostile data or needs more than some megabytes: a broken
block is left out, with a note, and the photo and its other blocks are sound.
"""

import dataclasses
import itertools
import re
import struct

from shared import exif as exif_blocks
from shared.exif import read_exif, write_exif
from shared.metadata_blocks import GAIN_MAP_NOTE, MOTION_NOTE, find_blocks


@dataclasses.dataclass(frozen=True)
class Metadata:
    """What is known about a photo besides its pixels; all of it optional.

    Attributes:
        exif: bytes of an EXIF block (`II*\\0` or `MM\\0*` first), without
            thumbnail and orientation.
        xmp: bytes of an XMP packet, orientation 1 if any.
        iptc: bytes of IPTC records.
        comment: str, of JPEG, GIF and PNG.
        text: ((key, value), ...), the texts of a PNG.
        dpi: (x, y) dots an inch.
        icc_profile: bytes, whole; of the pixels as they stand in the file.
        png_color: ((name, body), ...), the PNG chunks that say what the
            pixels' colours are. Next to an ICC profile only those of cICP,
            which a reader heeds first.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    comment: str | None = None
    text: tuple[tuple[str, str], ...] = ()
    dpi: tuple[float, float] | None = None
    icc_profile: bytes | None = None
    png_color: tuple[tuple[bytes, bytes], ...] = ()


def _check_profile(profile):
    """The ICC profile without padding.

    Raises:
        ValueError: saying what is wrong with it.
    """
    if len(profile) < 132 or profile[36:40] != b"acsp":
        raise ValueError("it is no ICC profile")
    size, count = struct.unpack_from(">I124xI", profile)
    if size > len(profile) or 132 + 12 * count > size:
        raise ValueError("it is cut short")
    known = profile[8] in (2, 4, 5) and profile[20:24] in (b"XYZ ", b"Lab ")
    if not known or profile[12:16] in (b"link", b"abst", b"nmcl"):
        raise ValueError("it does not describe a photo")
    for at in range(136, 132 + 12 * count, 12):
        offset, length = struct.unpack_from(">II", profile, at)
        if offset + length > size:
            raise ValueError("it is cut short")
    return profile[:size]


def _prefixes(xmp, namespace):
    """The prefixes that a packet binds to a namespace, hdrgm and the like."""
    pattern = rb"xmlns:([\w-]+)=[\"']" + namespace
    # Packets have one; a hostile one shall not make us look for thousands.
    return set(
        match[1] for match in itertools.islice(re.finditer(pattern, xmp), 8)
    )


def _without(xmp, prefix, name=rb"[\w-]+"):
    """A packet without the properties `prefix:name`, elements and attributes.

    Each element is searched for by its closing tag, not by a pattern across
    it, so that a hostile packet takes time in proportion to its length.
    """
    start, opening = 0, re.compile(rb"<(" + prefix + rb":" + name + rb")\b")
    kept = []
    while match := opening.search(xmp, start):
        closing = b"</" + match[1] + b">"
        end = xmp.find(b">", match.end())
        if end > 0 and xmp[end - 1] != ord("/"):
            end = xmp.find(closing, end) + len(closing) - 1
        if end < match.end():
            break
        kept.append(xmp[start : match.start()])
        start = end + 1
    xmp = b"".join(kept) + xmp[start:]
    attribute = rb"\s" + prefix + rb":" + name + rb"=(?:\"[^\"]*\"|'[^']*')"
    return re.sub(attribute, b"", xmp)


def _set_numbers(xmp, names, value):
    """Sets tiff:Orientation and the like, written as attribute or element."""
    pattern = rb"(\b(?:" + names + rb")\s*(?:=\s*[\"']|>)\s*)\d+"
    return re.sub(pattern, rb"\g<1>" + str(value).encode(), xmp)


def _clean_xmp(xmp, found):
    """A packet without what is not true of a copy."""
    for prefix in _prefixes(xmp, rb"http://ns.adobe.com/hdr-gain-map/"):
        before, xmp = xmp, _without(xmp, prefix)
        if before != xmp:
            found.note(GAIN_MAP_NOTE)
    for prefix in _prefixes(xmp, rb"http://ns.google.com/photos/1.0/camera/"):
        before = xmp
        xmp = _without(xmp, prefix, rb"(?:MotionPhoto|MicroVideo)\w*")
        if before != xmp:
            found.note(MOTION_NOTE)
    for prefix in _prefixes(
        xmp, rb"http://ns.google.com/photos/1.0/container/"
    ):
        xmp = _without(xmp, prefix, rb"(?:Directory|Version)")
    for prefix in _prefixes(xmp, rb"http://ns.adobe.com/xap/1.0/[\"']"):
        xmp = _without(xmp, prefix, rb"Thumbnails")
    xmp = _without(xmp, rb"xmpNote", rb"HasExtendedXMP")
    xmp = re.sub(rb"\s[\w-]+:provenance=\"self#jumbf[^\"]*\"", b"", xmp)
    return _set_numbers(xmp, rb"tiff:Orientation", 1)


def _finish(found):
    """Checks the blocks, each for itself."""
    block = found.get("exif", b"")
    while block.startswith(b"Exif\0\0"):
        block = block[6:]
    exif, orientation = found.get("parsed") or read_exif(block)
    if block and not exif:
        found.note("its EXIF data is left out: it is broken")
    dpi = found.get("dpi") or (exif and exif_blocks.get_dpi(exif))
    if not dpi or not all(0 < value < 65535 for value in dpi):
        dpi = None
    elif orientation >= 5 and dpi[0] != dpi[1]:
        dpi = dpi[::-1]
        if exif and exif_blocks.get_dpi(exif):
            exif_blocks.set_dpi(exif, dpi)
    icc = found.get("icc")
    if icc:
        try:
            icc = _check_profile(icc)
        except ValueError as error:
            found.note(f"its colour profile is left out: {error}")
            icc = None
    iptc = found.get("iptc")
    if iptc and iptc[0] != 0x1C:
        found.note("its IPTC data is left out: it is broken")
        iptc = None
    xmp = found.get("xmp")
    comment = exif_blocks.decode_text(found.get("comment", b"")).strip("\0 ")
    color = found["color"]
    if icc:
        color = [(n, b) for n, b in color if n in (b"cICP", b"mDCV", b"cLLI")]
    metadata = Metadata(
        exif=write_exif(exif) if exif else None,
        xmp=_clean_xmp(xmp, found) if xmp else None,
        iptc=iptc,
        comment=comment or None,
        text=tuple(found["text"]),
        dpi=dpi,
        icc_profile=icc,
        png_color=tuple(dict(color).items()),
    )
    return metadata, 1 if found.get("upright") else orientation


def read_metadata(data, kind):
    """Reads what an image file says about its photo.

    Args:
        data: bytes of the whole file.
        kind: JPEG, PNG, WebP, TIFF, GIF, BMP, HEIC or AVIF; of any other kind
            nothing is known.

    Returns:
        (Metadata as of the upright photo, except for `upright`'s part;
        orientation 1..8 that the pixels of the file must be turned by;
        tuple of notes, what was left out and why, each to stand after the
        file's name).
    """
    found = find_blocks(data, kind)
    metadata, orientation = _finish(found)
    return metadata, orientation, tuple(found.notes)


def upright(metadata, width, height):
    """Makes the sizes that EXIF and XMP name those of the upright photo.

    Args:
        metadata: Metadata.
        width, height: int, pixels.

    Returns:
        Metadata.
    """
    exif, xmp = metadata.exif, metadata.xmp
    if exif:
        block, _ = read_exif(exif)
        exif_blocks.set_size(block, width, height)
        exif = write_exif(block)
    if xmp:
        xmp = _set_numbers(xmp, rb"tiff:ImageWidth|exif:PixelXDimension", width)
        xmp = _set_numbers(
            xmp, rb"tiff:ImageLength|exif:PixelYDimension", height
        )
    return dataclasses.replace(metadata, exif=exif, xmp=xmp)
