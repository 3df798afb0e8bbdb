"""Image files to pixels, by the libraries that know the formats.

libvips decodes (JPEG, PNG, WebP, TIFF, GIF, AVIF); it reads sizes from the very
header that its decoder goes on from, so that a limit cannot be talked around,
and tells of damage where other decoders fill in gray. BMP and HEIC are
Pillow's.
"""

import contextlib
import dataclasses
import io
import re
import struct
import warnings

import numpy as np
from PIL import Image, UnidentifiedImageError

from shared.metadata_blocks import mpf_end
from shared.vips import pyvips

# Colours per pixel and bytes per colour of a photo that is just as large as
# --max_pixels allows.
LIMIT_BYTES_PER_PIXEL = 3
# Of a file that unpacks to more than `BOMB_BYTES`: how many times its size it
# may unpack to. Deflate and JPEG reach about a thousand.
BOMB_BYTES = 1 << 26
BOMB_RATIO = 10_000

_KINDS = (
    ("JPEG", lambda data: data[:3] == b"\xff\xd8\xff"),
    ("PNG", lambda data: data[:8] == b"\x89PNG\r\n\x1a\n"),
    ("WebP", lambda data: data[:4] == b"RIFF" and data[8:12] == b"WEBP"),
    ("TIFF", lambda data: data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
    ("GIF", lambda data: data[:6] in (b"GIF87a", b"GIF89a")),
    ("BMP", lambda data: data[:2] == b"BM"),
    ("AVIF", lambda data: _brands(data) & {b"avif", b"avis"}),
    ("HEIC", lambda data: _brands(data) & _HEIC),
)
_HEIC = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1"}
FORMATS = "JPEG, PNG, WebP, TIFF, GIF, BMP, AVIF or HEIC"

# Sample types by libvips' names; others are no photo of 8 or 16 bits.
_TYPES = {"uchar": np.uint8, "ushort": np.uint16}
_COLOURS = {"b-w", "grey16", "srgb", "rgb16", "cmyk"}


class DecodeError(ValueError):
    """The bytes are no such image, damaged, or too large; says which."""


@dataclasses.dataclass(frozen=True)
class Decoded:
    """What a file holds, as it lies there: not turned upright yet.

    Attributes:
        kind: str, name of the format.
        pixels: [H, W, 1 or 3], uint8 or uint16: gray or RGB.
        alpha: [H, W] of the same type, or None; not multiplied into `pixels`.
        converted: bool, whether the colours are sRGB now and were not, so
            that the file's colour profile does not describe them.
        notes: tuple of str, what the file holds beside them.
    """

    kind: str
    pixels: np.ndarray
    alpha: np.ndarray | None
    converted: bool
    notes: tuple[str, ...]


def sniff(data):
    """The format of a file by its first bytes: str, or None."""
    head = bytes(data[:64])
    return next((name for name, is_kind in _KINDS if is_kind(head)), None)


def _brands(data):
    # ISO base media: major brand, version, compatible brands.
    if data[4:8] != b"ftyp":
        return set()
    end = min(int.from_bytes(data[:4], "big"), len(data))
    return {data[8:12], *(data[i : i + 4] for i in range(16, end, 4))}


def decode(data, max_pixels):
    """Decodes the first picture of an image file.

    Args:
        data: bytes of the file.
        max_pixels: int; a larger picture is refused before its pixels are
            decoded, as is one of more bytes than so many RGB pixels of 8 bits
            have, and one that unpacks to absurdly more than the file.

    Returns:
        Decoded.

    Raises:
        DecodeError: saying what is wrong.
    """
    kind = sniff(data)
    if kind is None:
        raise DecodeError(f"cannot be read as a photo: it is no {FORMATS} file")
    if kind in ("BMP", "HEIC"):
        return _decode_pillow(kind, data, max_pixels)
    return _decode_vips(kind, data, max_pixels)


def check_size(width, height, sample_bytes, file_bytes, max_pixels):
    """Refuses a picture that would take too much memory.

    Args:
        width, height: int, pixels.
        sample_bytes: int, bytes of a decoded pixel.
        file_bytes: int, of the file it comes from.
        max_pixels: int.

    Raises:
        DecodeError: saying how much it would take.
    """
    size = width * height * sample_bytes
    if width * height > max_pixels:
        raise DecodeError(
            f"is {width} x {height} pixels, more than the {max_pixels} that "
            "--max_pixels allows"
        )
    if size > LIMIT_BYTES_PER_PIXEL * max_pixels:
        raise DecodeError(
            f"is {width} x {height} pixels of {sample_bytes} bytes, more than "
            f"the {LIMIT_BYTES_PER_PIXEL * max_pixels} bytes that "
            f"--max_pixels={max_pixels} allows"
        )
    if size > BOMB_BYTES and size > BOMB_RATIO * file_bytes:
        raise DecodeError(
            f"unpacks {file_bytes} bytes to {size}, as a decompression bomb "
            "does; save it as an uncompressed TIFF if it is really so empty"
        )


def _damaged(kind):
    return DecodeError(
        f"cannot be read as a photo: the {kind} data is damaged or cut short"
    )


def _decode_vips(kind, data, max_pixels):
    try:
        return _decode_strictly(kind, data, max_pixels, "warning")
    except pyvips.Error as error:
        # libtiff also warns of tags that have nothing to do with the pixels;
        # without warnings, libvips takes missing tiles for black ones.
        if kind == "TIFF" and _tiff_is_whole(data):
            with contextlib.suppress(pyvips.Error):
                return _decode_strictly(kind, data, max_pixels, "error")
        raise _damaged(kind) from error


def _decode_strictly(kind, data, max_pixels, fail_on):
    image = pyvips.Image.new_from_buffer(
        data, "", access="sequential", fail_on=fail_on
    )
    if image.format not in _TYPES or image.interpretation not in _COLOURS:
        raise DecodeError(
            f"has {image.interpretation} pixels of type {image.format}; save "
            "it as gray or RGB with 8 or 16 bits"
        )
    width, height, bands = image.width, image.height, image.bands
    sample_bytes = bands * np.dtype(_TYPES[image.format]).itemsize
    check_size(width, height, sample_bytes, len(data), max_pixels)
    if kind == "TIFF" and bands == 2 and _tiff_tag(data, 284, 1) == 2:
        # libvips 8.18 mixes up the rows of such a file.
        raise DecodeError(
            "has gray and alpha in separate planes; save it with interleaved "
            "channels"
        )
    notes = []
    pages = image.get("n-pages") if image.get_typeof("n-pages") else 1
    if pages > 1:
        what = "pages" if kind == "TIFF" else "frames"
        notes.append(f"only the first of {pages} {what} is taken")
    converted = image.interpretation == "cmyk"
    colours = 1 if bands < 3 else 3
    if converted:
        image, note = _cmyk_to_srgb(image)
        notes.append(note)
        bands = colours = 3
    pixels = image.numpy().reshape(height, width, bands)
    alpha = None
    if bands > colours:
        alpha = np.ascontiguousarray(pixels[..., colours])
        meaning = _ALPHA
        if kind == "TIFF":
            meaning = tuple(_tiff_tag(data, 338, ()))
        if meaning[:1] not in (_ALPHA, _PREMULTIPLIED):
            alpha = None
            notes.append(
                f"{bands - colours} extra channels are left out; they are "
                "not said to be transparency"
            )
        elif bands > colours + 1:
            notes.append(f"{bands - colours - 1} extra channels are left out")
        # GIF has a transparent colour, whether a pixel is of it or not.
        if kind == "GIF" and alpha.min() == 255:
            alpha = None
    return Decoded(
        kind,
        np.ascontiguousarray(pixels[..., :colours]),
        alpha,
        converted,
        (*notes, *_second_pictures(kind, data)),
    )


def _cmyk_to_srgb(image):
    """Inks to light: by the file's profile, else as process colours."""
    if image.get_typeof("icc-profile-data"):
        with contextlib.suppress(pyvips.Error):
            light = image.icc_transform("srgb", embedded=True)
            return light, "converted from CMYK to sRGB by its profile"
    full = 65535 if image.format == "ushort" else 255
    # libvips counts ink: 0 is bare paper.
    paper = full - image
    light = (paper[0:3] * paper[3] / full).rint().cast(image.format)
    return light, "converted from CMYK to RGB; it has no usable profile"


# TIFF's ExtraSamples (tag 338): 1 is alpha that colours are multiplied with,
# which libvips undoes, 2 is alpha that they are not.
_PREMULTIPLIED, _ALPHA = (1,), (2,)


def _tiff_page(data):
    """The first page of a TIFF by tifffile, or None if that cannot read it."""
    import tifffile

    try:
        return tifffile.TiffFile(io.BytesIO(data)).pages[0]
    except Exception:
        # tifffile raises whatever its parsing runs into.
        return None


def _tiff_tag(data, tag, otherwise):
    try:
        return _tiff_page(data).tags[tag].value
    except (AttributeError, KeyError, ValueError):
        return otherwise


def _tiff_is_whole(data):
    """Whether all strips or tiles of the first page lie within the file."""
    page = _tiff_page(data)
    if page is None:
        return False
    pieces = zip(page.dataoffsets, page.databytecounts, strict=False)
    return all(
        0 < start and start + size <= len(data) for start, size in pieces
    )


def _second_pictures(kind, data):
    """Says what a file holds beyond the picture that libvips takes.

    Of the pictures that an index (MPF) names `shared.metadata` tells.
    """
    if kind == "PNG" and b"acTL" in data[:4096]:
        with (
            contextlib.suppress(Exception),
            Image.open(io.BytesIO(data)) as image,
        ):
            if image.n_frames > 1:
                yield f"only the first of {image.n_frames} frames is taken"
    if kind == "JPEG":
        rest = data[max(_jpeg_end(data), mpf_end(data)) :]
        if len(rest.strip(b"\0\xff")) > _PADDING:
            yield (
                f"{len(rest)} {BEHIND} (a video, a gain map or a second "
                "picture)"
            )


BEHIND = "bytes behind the picture are left out"
# Some programs end a file with a line break or a word of their own.
_PADDING = 64
# Within a scan, 0xFF is followed by 0, a restart marker or more 0xFF; anything
# else is the next marker.
_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")


def _jpeg_end(data):
    """Where the end marker of a JPEG's first picture ends."""
    position = 2
    while match := _MARKER.search(data, position):
        position = match.end()
        marker = match[1][0]
        if marker == 0xD9:
            return position
        # All others that lead to the next scan carry a length.
        position += int.from_bytes(data[position : position + 2], "big")
    return len(data)


_PILLOW = {"BMP": ("BMP", "DIB"), "HEIC": ("HEIF",)}
# What Pillow and its plugins raise on broken files.
_PILLOW_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    IndexError,
    OverflowError,
    struct.error,
    Image.DecompressionBombError,
    UnidentifiedImageError,
)


def _register_heic():
    try:
        import pillow_heif
    except ImportError:
        raise DecodeError(
            "is a HEIC photo, which needs one package more: pip install "
            "pillow-heif"
        ) from None
    pillow_heif.register_heif_opener()


def _decode_pillow(kind, data, max_pixels):
    if kind == "HEIC":
        _register_heic()
    try:
        with warnings.catch_warnings():
            # Pillow's own limit on pixels; ours is checked just below.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=_PILLOW[kind])
    except _PILLOW_ERRORS as error:
        raise _damaged(kind) from error
    with image:
        bands = len(image.getbands())
        check_size(*image.size, max(bands, 3), len(data), max_pixels)
        modes = {"1": "L", "P": "RGB"}
        try:
            image = image.convert(modes.get(image.mode, image.mode))
            pixels = np.array(image)
        except _PILLOW_ERRORS as error:
            raise _damaged(kind) from error
        notes = ()
        frames = getattr(image, "n_frames", 1)
        if frames > 1:
            notes = (f"only the first of {frames} frames is taken",)
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    alpha = None
    if pixels.shape[2] == 4:
        alpha = np.ascontiguousarray(pixels[..., 3])
    colours = np.ascontiguousarray(pixels[..., :3])
    return Decoded(kind, colours, alpha, False, notes)
