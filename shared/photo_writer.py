"""Pixels and metadata into the bytes of an image file.

Each format holds what it can; `losses` says what it cannot. Where a format has
no place for a text but has EXIF, the text goes there, so that an author and a
copyright survive.
"""

import dataclasses
import email.utils
import io
import re
import struct
import time
import zlib

import cv2
import numpy as np
import pyvips
from PIL import Image, PngImagePlugin

from shared import exif as exif_blocks
from shared.errors import UserError
from shared.exif import Entry, Exif, read_directory, read_exif, write_exif
from shared.metadata import Metadata
from shared.png_color import color_meaning, to_srgb

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
_DEEP = ("png", "tiff")
# Bytes that a JPEG segment holds besides its length.
_SEGMENT = 65533

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
    parsed = email.utils.parsedate(text)
    if parsed:
        return time.strftime("%Y:%m:%d %H:%M:%S", parsed)
    match = re.match(
        r"(\d{4})[:-](\d\d)[:-](\d\d)[T ](\d\d):(\d\d):(\d\d)", text
    )
    return match and "{}:{}:{} {}:{}:{}".format(*match.groups())


def _iptc_texts(records):
    """(EXIF tag, text) of the IPTC datasets that EXIF has a tag for."""
    at = 0
    while at + 5 <= len(records) and records[at] == 0x1C:
        record, dataset, size = struct.unpack_from(">BBH", records, at + 1)
        if record == 2 and dataset in _IPTC_TAGS and size < 0x8000:
            text = exif_blocks.decode_text(records[at + 5 : at + 5 + size])
            yield _IPTC_TAGS[dataset], text
        at += 5 + size


def _texts_for_exif(metadata, kind, lost):
    """(tag, text) that EXIF takes over from texts, and from IPTC after them."""
    if "text" not in _HOLDS[kind]:
        for key, text in metadata.text:
            value = _exif_time(text) if key == "Creation Time" else text
            if key in _TEXT_TAGS and value:
                yield _TEXT_TAGS[key], value
            else:
                lost.append(f"{kind} cannot hold the text {key!r}")
    if "iptc" not in _HOLDS[kind] and metadata.iptc:
        yield from _iptc_texts(metadata.iptc)


def _into_exif(metadata, kind, lost):
    """Moves into EXIF what the format has no place of its own for."""
    holds = _HOLDS[kind]
    exif = read_exif(metadata.exif)[0] if metadata.exif else Exif()
    changed = False
    for tag, value in _texts_for_exif(metadata, kind, lost):
        there = exif_blocks.get_text(exif, tag)
        if not there:
            exif_blocks.set_text(exif, tag, value)
            changed = True
        elif there != value.strip():
            lost.append(f"{kind} holds one such text: {value[:40]!r} is lost")
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


def _fit_profile(metadata, kind, gray, lost):
    """Leaves out a profile that does not describe the pixels as written."""
    profile = metadata.icc_profile
    if not profile or "icc_profile" not in _HOLDS[kind]:
        return metadata
    written = "GRAY" if gray and kind != "webp" else "RGB"
    named = profile[16:20].decode("latin-1").strip()
    if named == written:
        return metadata
    lost.append(
        f"the {named} colour profile does not describe {written} pixels and "
        "is left out"
    )
    return dataclasses.replace(metadata, icc_profile=None)


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
        value = getattr(metadata, field)
        size = len(value.encode() if field == "comment" else value or b"")
        if size > room:
            lost.append(f"the {name} is too large for jpg and is left out")
            changes[field] = None
    return dataclasses.replace(metadata, **changes)


def _fit(metadata, kind, gray, bit_depth):
    """(Metadata as the format holds it, sentences on what it cannot hold)."""
    lost, holds = [], _HOLDS[kind]
    if bit_depth == 16 and kind not in _DEEP:
        lost.append("16 bits are rounded to 8")
    if "exif" in holds:
        metadata = _into_exif(metadata, kind, lost)
    elif metadata.comment:
        lost.append(f"{kind} cannot hold the comment")
    if "exif" not in holds:
        lost += [
            f"{kind} cannot hold the text {key!r}" for key, _ in metadata.text
        ]
    for field, name in _NAMES.items():
        if field not in holds and getattr(metadata, field):
            lost.append(f"{kind} cannot hold {name}")
    metadata = _fit_profile(metadata, kind, gray, lost)
    if kind == "jpg":
        metadata = _fit_jpeg(metadata, lost)
    meaning = _meaning_to_apply(metadata, kind)
    if meaning == "hdr":
        lost.append(
            f"{kind} cannot hold the HDR colour description, so its colours "
            "will look wrong; use png"
        )
    elif meaning:
        lost.append(f"its colours are converted to sRGB for {kind}")
    return metadata, tuple(lost)


def _meaning_to_apply(metadata, kind):
    """What the colour chunks say, where the format cannot say it too."""
    if kind == "png" or metadata.icc_profile:
        return None
    return color_meaning(metadata.png_color)


def _kind_of(suffix):
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
    return _fit(metadata or Metadata(), _kind_of(suffix), gray, bit_depth)[1]


def _resource(iptc):
    """IPTC records as the image resource (8BIM) that Photoshop keeps them in.

    The records may be padded to an even length.
    """
    head = struct.pack(">4sHHI", b"8BIM", 0x0404, 0, len(iptc))
    return head + iptc + b"\0" * (len(iptc) % 2)


def _png_info(metadata):
    """The chunks of a PNG that stand before its pixels."""
    info = PngImagePlugin.PngInfo()
    if metadata.icc_profile:
        packed = zlib.compress(metadata.icc_profile)
        info.add(b"iCCP", b"ICC Profile\0\0" + packed)
    for name, body in metadata.png_color:
        info.add(name, body)
    if metadata.dpi:
        x, y = (round(value / 0.0254) for value in metadata.dpi)
        info.add(b"pHYs", struct.pack(">IIB", x, y, 1))
    if metadata.exif:
        info.add(b"eXIf", metadata.exif)
    if metadata.xmp:
        info.add_itxt("XML:com.adobe.xmp", metadata.xmp)
    if metadata.iptc:
        digits = _resource(metadata.iptc).hex()
        lines = "\n".join(
            digits[at : at + 72] for at in range(0, len(digits), 72)
        )
        text = f"\niptc\n{len(digits) // 2:8}\n{lines}\n"
        info.add_text("Raw profile type iptc", text, zip=True)
    if metadata.comment:
        info.add_text("Comment", metadata.comment)
    for key, text in metadata.text:
        info.add_text(key, text)
    return info


def _vips_image(pixels, alpha, gray):
    """The photo as a libvips image, which shares memory with nothing."""
    colors = [pixels[..., 0]] if gray else list(cv2.split(pixels))
    planes = colors + ([] if alpha is None else [alpha])
    array = np.stack(planes, axis=-1)
    height, width, bands = array.shape
    deep = array.dtype == np.uint16
    image = pyvips.Image.new_from_memory(
        array.data, width, height, bands, "ushort" if deep else "uchar"
    )
    space = ("grey16" if deep else "b-w") if gray else "rgb16"
    return image.copy(interpretation=space if gray or deep else "srgb")


def _opencv(suffix, pixels, alpha, gray):
    if alpha is not None:
        image = cv2.merge([*cv2.split(pixels)[::-1], alpha])
    elif gray:
        image = np.ascontiguousarray(pixels[..., 0])
    else:
        image = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    done, buffer = cv2.imencode(suffix, image)
    if not done:
        raise ValueError("OpenCV cannot encode it")
    return buffer.tobytes()


def _png(pixels, alpha, gray, quality, metadata):
    if gray and alpha is not None:
        # OpenCV has no gray photos with alpha; it is twice as fast and packs
        # better for all others.
        image = _vips_image(pixels, alpha, gray)
        data = image.pngsave_buffer(compression=3, filter="all", keep="none")
    else:
        data = _opencv(".png", pixels, alpha, gray)
    file = io.BytesIO()
    file.write(data[:33])  # The signature and IHDR.
    for name, body, _ in _png_info(metadata).chunks:
        PngImagePlugin.putchunk(file, name, body)
    file.write(memoryview(data)[33:])
    return file.getvalue()


def _jpg(pixels, alpha, gray, quality, metadata):
    file = io.BytesIO()
    options = {"icc_profile": metadata.icc_profile, "xmp": metadata.xmp}
    if metadata.exif:
        options["exif"] = b"Exif\0\0" + metadata.exif
    if metadata.dpi:
        options["dpi"] = metadata.dpi
    if metadata.comment:
        options["comment"] = metadata.comment.encode()
    if metadata.iptc:
        body = b"Photoshop 3.0\0" + _resource(metadata.iptc)
        options["extra"] = struct.pack(">HH", 0xFFED, 2 + len(body)) + body
    image = Image.fromarray(
        np.ascontiguousarray(pixels[..., 0]) if gray else pixels
    )
    image.save(file, "JPEG", quality=quality or 95, subsampling=2, **options)
    return file.getvalue()


def _webp(pixels, alpha, gray, quality, metadata):
    file = io.BytesIO()
    image = Image.fromarray(
        pixels if alpha is None else cv2.merge([*cv2.split(pixels), alpha])
    )
    image.save(
        file,
        "WEBP",
        quality=quality or 95,
        exif=metadata.exif or b"",
        xmp=metadata.xmp or b"",
        icc_profile=metadata.icc_profile or b"",
    )
    return file.getvalue()


def _tiff(pixels, alpha, gray, quality, metadata):
    """Pixels by libvips; then a directory with everything, at the end."""
    data = bytearray(
        _vips_image(pixels, alpha, gray).tiffsave_buffer(
            compression="deflate",
            level=3,
            predictor="horizontal",
            keep="none",
        )
    )
    order = "<" if data[:2] == b"II" else ">"
    start = struct.unpack_from(order + "I", data, 4)[0]
    layout = read_directory(data, start, order)
    exif = read_exif(metadata.exif)[0] if metadata.exif else Exif(order)
    exif = exif_blocks.in_order(exif, order)
    exif.main = (
        layout
        | exif.main
        | {tag: layout[tag] for tag in layout.keys() - exif_blocks.RESOLUTION}
    )
    if metadata.dpi:
        exif_blocks.set_dpi(exif, metadata.dpi)
    elif not exif_blocks.get_dpi(exif):
        exif_blocks.set_dpi(exif, None)
    for tag, kind, value in (
        (700, 1, metadata.xmp),
        (33723, exif_blocks.UNDEFINED, metadata.iptc),
        (34675, exif_blocks.UNDEFINED, metadata.icc_profile),
    ):
        if value:
            exif.main[tag] = Entry(kind, value)
    data += b"\0" * (len(data) % 2)
    block, where = exif_blocks.write_directories(exif, len(data))
    struct.pack_into(order + "I", data, 4, where)
    return bytes(data + block)


def _bmp(pixels, alpha, gray, quality, metadata):
    data = bytearray(_opencv(".bmp", pixels, alpha, gray))
    x, y = metadata.dpi or (0, 0)
    # Dots a metre, in the header that every Windows BMP has.
    struct.pack_into("<ii", data, 38, round(x / 0.0254), round(y / 0.0254))
    return bytes(data)


_WRITERS = {"png": _png, "jpg": _jpg, "webp": _webp, "tiff": _tiff, "bmp": _bmp}


def encode_pixels(pixels, alpha, gray, suffix, quality=None, metadata=None):
    """Encodes a photo and what is known about it.

    Args:
        pixels: [H, W, 3] RGB, uint8 or uint16 over the range of its type; a
            gray photo has three equal channels.
        alpha: [H, W] of the same type, or None.
        gray: whether to write one colour channel (WebP has none such).
        suffix: as in `losses`.
        quality: 1..100, for JPEG and WebP (default 95).
        metadata: Metadata of the upright photo; None writes none.

    Returns:
        bytes of the file.

    Raises:
        UserError: if the format cannot hold the photo.
    """
    kind = _kind_of(suffix)
    if alpha is not None and kind in ("jpg", "bmp"):
        raise UserError(f"{suffix} cannot hold transparency; use png or webp")
    height, width = pixels.shape[:2]
    bit_depth = 8 * pixels.dtype.itemsize
    metadata, _ = _fit(metadata or Metadata(), kind, gray, bit_depth)
    meaning = _meaning_to_apply(metadata, kind)
    if meaning and meaning != "hdr":
        pixels = to_srgb(pixels, meaning)
    if bit_depth == 16 and kind not in _DEEP:
        pixels = cv2.convertScaleAbs(pixels, alpha=1 / 257)
        if alpha is not None:
            alpha = cv2.convertScaleAbs(alpha, alpha=1 / 257)
    try:
        return _WRITERS[kind](pixels, alpha, gray, quality, metadata)
    except (cv2.error, pyvips.Error, OSError, ValueError) as error:
        raise UserError(
            f"a photo of {width} x {height} pixels does not fit {suffix}; "
            "use png"
        ) from error
