"""Pixels and metadata into the bytes of an image file.

Each format gets what it can hold; `shared.metadata_fit` says what that is.
"""

import dataclasses
import io
import struct
import zlib

import cv2
import numpy as np
from PIL import Image, PngImagePlugin

from shared import exif as exif_blocks
from shared.errors import UserError
from shared.exif import Entry, Exif, read_directory, read_exif
from shared.metadata import Metadata
from shared.metadata_fit import DEEP, fit, kind_of, losses
from shared.ranges import to_8_bits
from shared.vips import pyvips

__all__ = ["convert_colors", "encode_pixels", "losses"]


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
    # Not what an encoder says by itself, such as libvips' own resolution.
    file.write(memoryview(data)[data.index(b"IDAT") - 4 :])
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
    for tag in exif_blocks.RESOLUTION:
        layout.pop(tag, None)  # libvips always names one.
    exif = read_exif(metadata.exif)[0] if metadata.exif else Exif(order)
    exif = exif_blocks.in_order(exif, order)
    exif.main = exif.main | layout
    if metadata.dpi or not exif_blocks.get_dpi(exif):
        exif_blocks.set_dpi(exif, metadata.dpi)
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


def convert_colors(pixels, gray, suffix, metadata):
    """Makes pixels what a file of a format will say that they are.

    `encode_pixels` does the same, and nothing where it has been done. Whoever
    hides something in the pixels does it before that.

    Args:
        pixels, gray, suffix: as in `encode_pixels`.
        metadata: Metadata.

    Returns:
        (pixels of the same shape and type, Metadata that describes them).
    """
    kind = kind_of(suffix)
    bit_depth = 8 * pixels.dtype.itemsize
    fitted, change, _ = fit(metadata, kind, gray, bit_depth)
    if not change:
        return pixels, metadata
    return change(pixels), dataclasses.replace(
        metadata, icc_profile=fitted.icc_profile, png_color=()
    )


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
    kind = kind_of(suffix)
    if alpha is not None and kind in ("jpg", "bmp"):
        raise UserError(f"{suffix} cannot hold transparency; use png or webp")
    height, width = pixels.shape[:2]
    bit_depth = 8 * pixels.dtype.itemsize
    pixels, metadata = convert_colors(
        pixels, gray, suffix, metadata or Metadata()
    )
    metadata, _, _ = fit(metadata, kind, gray, bit_depth)
    if bit_depth == 16 and kind not in DEEP:
        pixels = to_8_bits(pixels)
        alpha = None if alpha is None else to_8_bits(alpha)
    try:
        return _WRITERS[kind](pixels, alpha, gray, quality, metadata)
    except (cv2.error, pyvips.Error, OSError, ValueError) as error:
        raise UserError(
            f"a photo of {width} x {height} pixels does not fit {suffix}; "
            "use png"
        ) from error
