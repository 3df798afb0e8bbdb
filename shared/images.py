"""Photographs in and out of files: any photo in, the same kind of photo out.

OpenCV does the decoding and encoding. Whatever it leaves to the caller stands
here: the pixel limit before decoding, EXIF orientation next to alpha, gray
photos that stay gray, and writes that are all or nothing.
"""

import dataclasses
import os
import tempfile
from pathlib import Path

import cv2
import numpy as np
from absl import flags

from shared.errors import UserError
from shared.image_header import (
    HeaderError,
    check_png,
    read_header,
    read_tiff_tags,
)

MAX_PIXELS = 200_000_000
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif")

# What OpenCV has to say about a bad file, we say in one line ourselves.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


@dataclasses.dataclass(frozen=True)
class Photo:
    """One photograph, upright.

    Attributes:
        pixels: [H, W, 3] RGB, uint8 or uint16 over the whole range of its
            type. A gray photo has three equal channels.
        alpha: [H, W] of the same type, or None.
        gray: whether the file had one colour channel.
        icc_profile: bytes of the colour profile, or None; `pixels` are not
            converted by it, it travels along.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None = None
    gray: bool = False
    icc_profile: bytes | None = None

    @property
    def bit_depth(self):
        """8 or 16."""
        return 8 * self.pixels.dtype.itemsize

    @property
    def array(self):
        """The colour pixels as a program wants them: [H, W] if gray."""
        return self.pixels[..., 0] if self.gray else self.pixels

    def with_array(self, array):
        """This photo with other pixels ([H, W] or [H, W, 3])."""
        if array.ndim == 2:
            array = cv2.merge([array] * 3)
        return dataclasses.replace(self, pixels=array)


def define_flags(values=flags.FLAGS):
    """Defines --max_pixels; a command declares it as a key flag of its own."""
    flags.DEFINE_integer(
        "max_pixels",
        MAX_PIXELS,
        "Refuse photos with more pixels than this. It is read from the file's "
        "header, before any memory is spent.",
        lower_bound=1,
        flag_values=values,
    )


def _read_bytes(path):
    path = Path(path)
    if path.is_dir():
        raise UserError(
            f"{path}: is a directory; name one photo, or use --images_dir"
        )
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{path}: cannot be read: {reason}") from error
    if not data:
        raise UserError(f"{path}: is empty")
    return data


def _orient(pixels, orientation):
    """Applies an EXIF orientation 1..8 (EXIF 2.32, tag 0x112)."""
    if orientation >= 5:
        pixels = cv2.transpose(pixels)
    # OpenCV's flip codes: 0 upside down, 1 left to right, -1 both.
    code = {2: 1, 3: -1, 4: 0, 6: 1, 7: -1, 8: 0}.get(orientation)
    return pixels if code is None else cv2.flip(pixels, code)


def decode_photo(data, name="image", max_pixels=MAX_PIXELS):
    """Decodes the bytes of an image file into an upright Photo.

    Of an animation, the first frame. A CMYK file comes out as RGB.

    Args:
        data: bytes of a JPEG, PNG, WebP, TIFF, GIF or BMP file.
        name: what error messages call it.
        max_pixels: int; a larger width x height is refused before decoding.

    Returns:
        Photo.

    Raises:
        UserError: if it is no image, is cut short, or is too large.
    """
    try:
        kind, width, height = read_header(data)
        if width * height > max_pixels:
            raise UserError(
                f"{name}: is {width} x {height} pixels, more than the "
                f"{max_pixels} that --max_pixels allows"
            )
        if kind == "PNG":
            check_png(data)
    except HeaderError as error:
        raise UserError(
            f"{name}: cannot be read as a photo: {error}"
        ) from error
    try:
        raw, kinds, blocks = cv2.imdecodeWithMetadata(
            np.frombuffer(data, np.uint8), flags=cv2.IMREAD_UNCHANGED
        )
    except cv2.error:
        raw = None
    if raw is None or raw.size == 0:
        raise UserError(
            f"{name}: cannot be read as a photo: the {kind} data is damaged "
            "or cut short"
        )
    if raw.dtype not in (np.uint8, np.uint16):
        raise UserError(
            f"{name}: has {raw.dtype} pixels; save it with 8 or 16 bits"
        )
    metadata = {
        key: np.asarray(block).tobytes()
        for key, block in zip(kinds, blocks, strict=True)
    }
    orientation = 1
    if cv2.IMAGE_METADATA_EXIF in metadata and kind != "TIFF":
        try:
            exif = metadata[cv2.IMAGE_METADATA_EXIF].removeprefix(b"Exif\0\0")
            orientation = read_tiff_tags(exif).get(0x112, 1)
        except HeaderError:
            # Broken EXIF says nothing about which way is up; the photo itself
            # is sound.
            orientation = 1
    raw = _orient(raw, orientation)
    if raw.ndim == 2 or raw.shape[2] == 1:
        return Photo(
            cv2.cvtColor(raw, cv2.COLOR_GRAY2RGB),
            gray=True,
            icc_profile=metadata.get(cv2.IMAGE_METADATA_ICCP),
        )
    alpha = None
    pixels = cv2.cvtColor(raw[..., :3], cv2.COLOR_BGR2RGB)
    if raw.shape[2] == 4 and not (kind == "TIFF" and _is_cmyk(data)):
        alpha = np.ascontiguousarray(raw[..., 3])
    return Photo(
        pixels,
        alpha=alpha,
        gray=kind == "PNG" and data[25] == 4,
        icc_profile=metadata.get(cv2.IMAGE_METADATA_ICCP),
    )


def _is_cmyk(tiff):
    # Photometric interpretation 5 ("separated"): OpenCV gives such a file an
    # opaque alpha that it never had.
    return read_tiff_tags(tiff).get(262) == 5


def read_photo(path, max_pixels=MAX_PIXELS):
    """Reads a photo file; see `decode_photo`.

    Raises:
        UserError: naming the file, if it is missing, no photo, or too large.
    """
    return decode_photo(_read_bytes(path), str(path), max_pixels)


def encode_photo(photo, suffix=".png", quality=None):
    """Encodes a photo as the bytes of an image file, upright.

    Args:
        photo: Photo.
        suffix: one of `SUFFIXES` but .gif. PNG and TIFF hold everything; JPEG
            and BMP cannot hold alpha; JPEG, WebP and BMP get 16-bit pixels
            rounded to 8.
        quality: 1..100, for JPEG and WebP (default 95; WebP at 100 is lossy
            too).

    Returns:
        bytes.

    Raises:
        UserError: if the format cannot hold the photo.
    """
    suffix = suffix.lower()
    deep = suffix in (".png", ".tif", ".tiff")
    if suffix not in SUFFIXES or suffix == ".gif":
        raise UserError(f"cannot write {suffix!r} files; use .png")
    if photo.alpha is not None and suffix in (".jpg", ".jpeg", ".bmp"):
        raise UserError(f"{suffix} cannot hold transparency; use png or webp")
    pixels, alpha = photo.pixels, photo.alpha
    if photo.bit_depth == 16 and not deep:
        pixels = cv2.convertScaleAbs(pixels, alpha=1 / 257)
        if alpha is not None:
            alpha = cv2.convertScaleAbs(alpha, alpha=1 / 257)
    if alpha is not None:
        image = cv2.merge([*cv2.split(pixels)[::-1], alpha])
    elif photo.gray:
        image = np.ascontiguousarray(pixels[..., 0])
    else:
        image = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    parameters = []
    if suffix in (".jpg", ".jpeg"):
        parameters = [cv2.IMWRITE_JPEG_QUALITY, quality or 95]
    elif suffix == ".webp":
        parameters = [cv2.IMWRITE_WEBP_QUALITY, quality or 95]
    try:
        if photo.icc_profile and suffix in (".png", ".jpg", ".jpeg", ".webp"):
            done, buffer = cv2.imencodeWithMetadata(
                suffix,
                image,
                [cv2.IMAGE_METADATA_ICCP],
                [np.frombuffer(photo.icc_profile, np.uint8)],
                parameters,
            )
        else:
            done, buffer = cv2.imencode(suffix, image, parameters)
    except cv2.error:
        done = False
    if not done:
        height, width = pixels.shape[:2]
        raise UserError(
            f"a photo of {width} x {height} pixels does not fit {suffix}; "
            "use png"
        )
    return buffer.tobytes()


def write_bytes(path, data):
    """Writes a file completely or not at all.

    The bytes go to a temporary name in the same directory, which is renamed
    onto `path` when they are all there.

    Raises:
        UserError: naming the file, if it cannot be written (no such
            directory, no permission, disk full).
    """
    path = Path(path)
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(
            dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".part"
        )
        with os.fdopen(handle, "wb") as file:
            # mkstemp makes private files; a photo gets what open() gives.
            mask = os.umask(0)
            os.umask(mask)
            os.fchmod(file.fileno(), 0o666 & ~mask)
            file.write(data)
        os.replace(temporary, path)
    except OSError as error:
        raise UserError(
            f"{path}: cannot be written: {error.strerror}"
        ) from error
    finally:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)


def write_photo(path, photo, quality=None):
    """Writes a photo, all or nothing, in the format of the file's suffix.

    Raises:
        UserError: naming the file; see `encode_photo` and `write_bytes`.
    """
    try:
        data = encode_photo(photo, Path(path).suffix, quality)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error
    write_bytes(path, data)


def make_directory(path):
    """Makes a directory for results and checks that it can be written to.

    Raises:
        UserError: naming the directory.
    """
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise UserError(
            f"{path}: cannot be written to: {error.strerror}"
        ) from error


def list_photos(directory):
    """The photo files of a directory, by name.

    Returns:
        sorted list of Path; files in `SUFFIXES` only, hidden ones left out,
        subdirectories not entered.

    Raises:
        UserError: if it is no directory, or holds none.
    """
    directory = Path(directory)
    if not directory.is_dir():
        kind = "not a directory" if directory.exists() else "no such directory"
        raise UserError(f"{directory}: {kind}")
    try:
        paths = sorted(
            path
            for path in directory.iterdir()
            if path.suffix.lower() in SUFFIXES
            and not path.name.startswith(".")
            and path.is_file()
        )
    except OSError as error:
        raise UserError(
            f"{directory}: cannot be read: {error.strerror}"
        ) from error
    if not paths:
        raise UserError(f"{directory}: holds no photos ({' '.join(SUFFIXES)})")
    return paths


def resize_area(image, height, width):
    """Resizes by area where it shrinks and linearly where it grows.

    OpenCV's area mode shrinks properly only if both sides shrink, and rounds
    8-bit images; here each side is treated on its own and the result is
    float32 with the fraction kept.

    Args:
        image: [H, W, C] uint8, uint16 or float32.
        height, width: int, of the result.

    Returns:
        [height, width, C] float32, in the unit of `image`.
    """
    rows, columns = image.shape[:2]
    # Rounding an 8-bit mean costs up to half a level. Averaging in two steps,
    # the first to a multiple of the final size, is the same mean, and leaves
    # a sixteenth of that error while the large array stays 8 bits.
    first = (
        4 * height if rows > 4 * height else rows,
        4 * width if columns > 4 * width else columns,
    )
    if first != (rows, columns):
        image = cv2.resize(
            image, first[::-1], interpolation=cv2.INTER_AREA
        ).reshape(*first, -1)
    image = image.astype(np.float32)
    small = (min(first[0], height), min(first[1], width))
    image = cv2.resize(image, small[::-1], interpolation=cv2.INTER_AREA)
    image = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
    return image.reshape(height, width, -1)
