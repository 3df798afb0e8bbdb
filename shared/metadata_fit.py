"""What each image format can hold of a photo's metadata.

Where a format has no place for a text but has EXIF, the text goes there, so
that an author and a copyright survive every way that there is.
"""

import dataclasses
import email.utils
import struct
from datetime import datetime
from functools import partial

from shared import exif as exif_blocks
from shared.errors import UserError
from shared.exif import Exif, read_exif, write_exif
from shared.metadata import Metadata
from shared.srgb import (
    apply_levels,
    color_meaning,
    gray_levels,
    to_srgb,
)

_KINDS = {
    ".png": "png",
    ".jpg": "jpg",
    ".jpeg": "jpg",
    ".webp": "webp",
    ".tif": "tiff",
    ".tiff": "tiff",
    ".bmp": "bmp",
}
# The fields of Metadata that each format has a place for.
_HOLDS = {
    "png": {"exif", "xmp", "iptc", "comment", "text", "dpi", "icc_profile"},
    "jpg": {"exif", "xmp", "iptc", "comment", "dpi", "icc_profile"},
    "webp": {"exif", "xmp", "icc_profile"},
    "tiff": {"exif", "xmp", "iptc", "dpi", "icc_profile"},
    "bmp": {"dpi"},
}
_NAMES = {"exif": "EXIF", "xmp": "XMP", "iptc": "IPTC"}
_NAMES |= {"icc_profile": "the colour profile"}
_SPACES = {b"RGB ": "RGB", b"GRAY": "GRAY", b"CMYK": "CMYK", b"Lab ": "Lab"}
DEEP = ("png", "tiff")
# Bytes that a JPEG segment holds besides its length.
_SEGMENT = 65533

_EXIF_TIME = "%Y:%m:%d %H:%M:%S"
# Texts of a PNG, and datasets of IPTC, that EXIF has a tag for.
_TEXT_TAGS = {
    "Author": exif_blocks.ARTIST,
    "Copyright": exif_blocks.COPYRIGHT,
    "Description": exif_blocks.DESCRIPTION,
    "Software": exif_blocks.SOFTWARE,
    "Title": exif_blocks.DOCUMENT_NAME,
    "Creation Time": exif_blocks.DATE_TIME,
}
_IPTC_TAGS = {
    80: exif_blocks.ARTIST,
    116: exif_blocks.COPYRIGHT,
    120: exif_blocks.DESCRIPTION,
}


def _exif_time(text):
    """A time as EXIF writes it, or None: of RFC 1123, ISO 8601 or EXIF."""
    for parse in (
        email.utils.parsedate_to_datetime,
        datetime.fromisoformat,
        lambda text: datetime.strptime(text, _EXIF_TIME),
    ):
        try:
            return parse(text.strip()).strftime(_EXIF_TIME)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


def _iptc_texts(records):
    """(EXIF tag, text) of the IPTC datasets that EXIF has a tag for."""
    at = 0
    while at + 5 <= len(records) and records[at] == 0x1C:
        record, dataset, size = struct.unpack_from(">BBH", records, at + 1)
        if record == 2 and dataset in _IPTC_TAGS and size < 0x8000:
            text = exif_blocks.decode_text(records[at + 5 : at + 5 + size])
            yield _IPTC_TAGS[dataset], text
        at += 5 + size


def _say_texts(kind, keys, lost):
    """Names the texts that are lost, and no more of them than fit a line."""
    if keys:
        names = ", ".join(ascii(key) for key in keys[:8])
        more = f" and {len(keys) - 8} more" if len(keys) > 8 else ""
        plural = "s" * (len(keys) > 1)
        lost.append(f"{kind} cannot hold the text{plural} {names}{more}")


def _move_texts(metadata, kind, exif, lost):
    """PNG's texts into EXIF, and IPTC's where EXIF still lacks them.

    Returns:
        Whether any was moved.
    """
    moved, left = False, []
    wanted = [] if "text" in _HOLDS[kind] else metadata.text
    for key, text in wanted:
        value = _exif_time(text) if key == "Creation Time" else text.strip()
        tag = _TEXT_TAGS.get(key)
        there = tag and exif_blocks.get_text(exif, tag)
        if tag and value and not there:
            exif_blocks.set_text(exif, tag, value)
            moved = True
        elif not tag or there != value:
            left.append(key)
    _say_texts(kind, left, lost)
    if "iptc" not in _HOLDS[kind] and metadata.iptc:
        for tag, value in _iptc_texts(metadata.iptc):
            if not exif_blocks.get_text(exif, tag):
                exif_blocks.set_text(exif, tag, value)
                moved = True
    return moved


def _into_exif(metadata, kind, lost):
    """Moves into EXIF what the format has no place of its own for."""
    holds = _HOLDS[kind]
    exif = read_exif(metadata.exif)[0] if metadata.exif else Exif()
    changed = _move_texts(metadata, kind, exif, lost)
    if "comment" not in holds and metadata.comment:
        if exif_blocks.has_comment(exif):
            lost.append(f"{kind} cannot hold a comment besides that of EXIF")
        else:
            exif_blocks.set_comment(exif, metadata.comment)
            changed = True
    if "dpi" not in holds and metadata.dpi and not exif_blocks.get_dpi(exif):
        exif_blocks.set_dpi(exif, metadata.dpi)
        changed = True
    if not changed:
        return metadata
    return dataclasses.replace(metadata, exif=write_exif(exif))


def _fit_profile(metadata, kind, gray, bit_depth, lost):
    """Leaves out a profile that does not describe the pixels as written.

    Returns:
        (Metadata, what to do to the pixels or None).
    """
    profile = metadata.icc_profile
    if not profile or "icc_profile" not in _HOLDS[kind]:
        return metadata, None
    written = "GRAY" if gray and kind != "webp" else "RGB"
    named = _SPACES.get(profile[16:20], "unknown")
    if named == written:
        return metadata, None
    metadata = dataclasses.replace(metadata, icc_profile=None)
    # The levels are known to 8 bits.
    fine = bit_depth == 8 or kind not in DEEP
    if gray and fine and named in ("GRAY", "RGB"):
        levels = gray_levels(profile)
        if levels is not None:
            lost.append(
                f"the grays are converted to sRGB, for {kind} cannot hold "
                f"their {named} colour profile"
            )
            return metadata, partial(apply_levels, levels=levels)
    lost.append(
        f"the {named} colour profile does not describe {written} pixels and "
        "is left out"
    )
    return metadata, None


def _fit_jpeg(metadata, lost):
    """Leaves out what is too large for the segments of a JPEG."""
    exif = metadata.exif
    if exif and len(exif) + 6 > _SEGMENT:
        block = read_exif(exif)[0]
        note = block.groups.get(exif_blocks.EXIF_GROUP, {}).pop(
            exif_blocks.MAKER_NOTE, None
        )
        block.note_at = None
        exif = write_exif(block)
        if exif and len(exif) + 6 > _SEGMENT:
            exif = None
        what = "the camera's MakerNote" if exif and note else "the EXIF data"
        lost.append(f"{what} is too large for jpg and is left out")
    changes = {"exif": exif}
    for field, name, room in (
        ("xmp", "XMP data", _SEGMENT - 29),
        ("iptc", "IPTC data", _SEGMENT - 28),
        ("comment", "comment", _SEGMENT),
        ("icc_profile", "colour profile", 255 * (_SEGMENT - 14)),
    ):
        value = getattr(metadata, field) or b""
        size = len(value.encode() if isinstance(value, str) else value)
        if size > room:
            lost.append(f"the {name} is too large for jpg and is left out")
            changes[field] = None
    return dataclasses.replace(metadata, **changes)


def fit(metadata, kind, gray, bit_depth):
    """What of a photo's metadata goes into a file, and what does not.

    Args:
        metadata: Metadata.
        kind: what `kind_of` makes of a suffix.
        gray: whether the photo has one colour channel.
        bit_depth: 8 or 16.

    Returns:
        (Metadata as the format holds it; function of the pixels that makes
        them what the file will say they are, or None; tuple of sentences on
        what is lost).
    """
    lost, holds = [], _HOLDS[kind]
    if bit_depth == 16 and kind not in DEEP:
        lost.append("16 bits are rounded to 8")
    if "exif" in holds:
        metadata = _into_exif(metadata, kind, lost)
    else:
        _say_texts(kind, [key for key, _ in metadata.text], lost)
        if metadata.comment:
            lost.append(f"{kind} cannot hold the comment")
    for field, name in _NAMES.items():
        if field not in holds and getattr(metadata, field):
            lost.append(f"{kind} cannot hold {name}")
    # A profile outranks all of these but cICP, which stands beside it in a
    # PNG only, and then means the same.
    described = kind == "png" or metadata.icc_profile
    meaning = None if described else color_meaning(metadata.png_color)
    metadata, change = _fit_profile(metadata, kind, gray, bit_depth, lost)
    if kind == "jpg":
        metadata = _fit_jpeg(metadata, lost)
    if meaning == "hdr":
        lost.append(
            f"{kind} cannot hold the HDR colour description, so its colours "
            "will look wrong; use png"
        )
    elif meaning:
        lost.append(f"its colours are converted to sRGB for {kind}")
        change = partial(to_srgb, meaning=meaning)
    return metadata, change, tuple(lost)


def kind_of(suffix):
    """The format that a suffix stands for, or UserError."""
    try:
        return _KINDS[suffix.lower()]
    except KeyError:
        raise UserError(f"cannot write {suffix!r} files; use .png") from None


def losses(metadata, suffix, gray, bit_depth):
    """What a format cannot hold of a photo.

    Args:
        metadata: Metadata or None.
        suffix: ".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff" or ".bmp".
        gray: whether the photo has one colour channel.
        bit_depth: 8 or 16.

    Returns:
        tuple of str, a short sentence each.

    Raises:
        UserError: if it is no format that we write.
    """
    return fit(metadata or Metadata(), kind_of(suffix), gray, bit_depth)[2]
