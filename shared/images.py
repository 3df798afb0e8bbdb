"""Photographs in and out of files: any photo in, the same kind of photo out.

`shared.image_decoder` gives the pixels, `shared.metadata` what the file says
beside them, `shared.photo_writer` makes files of both. Here they become one
Photo, upright, gray where it was gray.
"""

import dataclasses
import os
import stat
import tempfile
from pathlib import Path

import cv2
import numpy as np
from absl import flags

from shared import photo_writer
from shared.errors import UserError
from shared.image_decoder import (
    BEHIND,
    LIMIT_BYTES_PER_PIXEL,
    DecodeError,
    decode,
    sniff,
)
from shared.metadata import Metadata, read_metadata, upright
from shared.metadata_blocks import (
    FURTHER_NOTE,
    GAIN_MAP_NOTE,
    MOTION_NOTE,
    SECOND_NOTE,
)
from shared.outputs import write_files
from shared.ranges import to_8_bits

MAX_PIXELS = 200_000_000
SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".webp", ".tif"),
    *(".tiff", ".bmp", ".gif", ".avif", ".heic", ".heif"),
)


@dataclasses.dataclass(frozen=True)
class Photo:
    """One photograph, upright.

    Attributes:
        pixels: [H, W, 3] RGB, uint8 or uint16 over the whole range of its
            type. A gray photo has three equal channels.
        alpha: [H, W] of the same type, or None.
        gray: whether the file had one colour channel.
        metadata: Metadata, what the file says besides; `pixels` are not
            converted by its colour profile, which travels along.
        notes: str each, what the file held and this photo does not.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None = None
    gray: bool = False
    metadata: Metadata = Metadata()
    notes: tuple[str, ...] = ()

    @property
    def bit_depth(self) -> int:
        """8 or 16."""
        return 8 * self.pixels.dtype.itemsize

    @property
    def rgb8(self) -> np.ndarray:
        """The colour pixels with 8 bits, [H, W, 3] uint8, rounded."""
        return to_8_bits(self.pixels)

    @property
    def array(self) -> np.ndarray:
        """The colour pixels as a program wants them: [H, W] if gray."""
        return self.pixels[..., 0] if self.gray else self.pixels

    @property
    def stripped(self) -> "Photo":
        """This photo with nothing but the meaning of its colours."""
        kept = Metadata(
            icc_profile=self.metadata.icc_profile,
            png_color=self.metadata.png_color,
        )
        return dataclasses.replace(self, metadata=kept)

    def with_array(self, array: np.ndarray) -> "Photo":
        """This photo with other pixels ([H, W] or [H, W, 3])."""
        if array.ndim == 2:
            array = cv2.merge([array] * 3)
        return dataclasses.replace(self, pixels=array)


def define_flags(values: flags.FlagValues = flags.FLAGS) -> None:
    """Defines --max_pixels; a command declares it as a key flag of its own."""
    flags.DEFINE_integer(
        "max_pixels",
        MAX_PIXELS,
        "Refuse photos with more pixels than this. It is read from the file's "
        "header, before any memory is spent.",
        lower_bound=1,
        flag_values=values,
    )


# How much larger than its pixels a file may be: profiles, a video behind it.
_FILE_SLACK = 1 << 26
_CHUNK = 1 << 20


def _open_file(path: str, mode: int) -> int:
    # A named pipe that nobody writes to is empty, not a wait for ever.
    return os.open(path, mode | getattr(os, "O_NONBLOCK", 0))


def _read_stream(file, limit):
    """At most a little more than `limit` bytes of a file that may not end."""
    status = os.fstat(file.fileno())
    if stat.S_ISREG(status.st_mode):
        return file.read() if status.st_size <= limit else None
    if not stat.S_ISFIFO(status.st_mode):
        raise ValueError("it is a device or a socket; name a photo file")
    os.set_blocking(file.fileno(), True)
    chunks, size = [], 0
    while size <= limit and (chunk := file.read(_CHUNK)):
        chunks.append(chunk)
        size += len(chunk)
    return b"".join(chunks) if size <= limit else None


def define_writing_flags(values: flags.FlagValues = flags.FLAGS) -> None:
    """Defines --strip_metadata, for commands that give a photo back."""
    flags.DEFINE_bool(
        "strip_metadata",
        False,
        "Leave out EXIF, XMP, IPTC, comments and resolution, with them place, "
        "date and author. What says how the colours are meant stays.",
        flag_values=values,
    )


def _read_bytes(path: str | Path, max_pixels: int) -> bytes:
    path = Path(path)
    if path.is_dir():
        raise UserError(
            f"{path}: is a directory; name one photo, or use --images_dir"
        )
    limit = LIMIT_BYTES_PER_PIXEL * max_pixels + _FILE_SLACK
    try:
        with open(path, "rb", opener=_open_file) as file:
            data = _read_stream(file, limit)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{path}: cannot be read: {reason}") from error
    if data is None:
        raise UserError(
            f"{path}: has more than {limit} bytes, the most that a file of "
            f"--max_pixels={max_pixels} may have"
        )
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


def decode_photo(
    data: bytes, name: str = "image", max_pixels: int = MAX_PIXELS
) -> Photo:
    """Decodes the bytes of an image file into an upright Photo.

    Of an animation or of several pages, the first. A CMYK file comes out as
    RGB. `Photo.notes` says what was left out or converted.

    Args:
        data: bytes of a JPEG, PNG, WebP, TIFF, GIF, BMP, AVIF or HEIC file.
        name: what error messages call it.
        max_pixels: int; a larger width x height is refused before decoding,
            and so is what takes more than three bytes for each of them.

    Returns:
        Photo.

    Raises:
        UserError: if it is no image, is damaged or cut short, or is too large.
    """
    try:
        decoded = decode(data, max_pixels)
    except DecodeError as error:
        raise UserError(f"{name}: {error}") from error
    metadata, orientation, notes = read_metadata(data, decoded.kind)
    if decoded.converted:
        metadata = dataclasses.replace(metadata, icc_profile=None)
    pixels = _orient(decoded.pixels, orientation)
    gray = pixels.ndim == 2 or pixels.shape[2] == 1
    alpha = decoded.alpha
    height, width = pixels.shape[:2]
    return Photo(
        cv2.merge([pixels] * 3) if gray else pixels,
        alpha=None if alpha is None else _orient(alpha, orientation),
        gray=gray,
        metadata=upright(metadata, width, height),
        notes=_said_once((*decoded.notes, *notes)),
    )


def _said_once(notes):
    """Notes without those that others say better."""
    said = dict.fromkeys(notes)
    # The bytes behind the pictures of an index (MPF) are none of them.
    indexed = said.keys() & {SECOND_NOTE, FURTHER_NOTE}
    named = MOTION_NOTE in said or (GAIN_MAP_NOTE in said and not indexed)
    if GAIN_MAP_NOTE in said:
        said.pop(SECOND_NOTE, None)
    return tuple(note for note in said if not (named and BEHIND in note))


def read_photo(path: str | Path, max_pixels: int = MAX_PIXELS) -> Photo:
    """Reads a photo file; see `decode_photo`.

    Raises:
        UserError: naming the file, if it is missing, no photo, or too large.
    """
    return decode_photo(_read_bytes(path, max_pixels), str(path), max_pixels)


def losses(photo: Photo, suffix: str = ".png") -> tuple[str, ...]:
    """What a format cannot hold of a photo, for the person to know.

    Args:
        photo: Photo.
        suffix: one that `encode_photo` writes.

    Returns:
        tuple of str, each to stand after the file's name.
    """
    metadata = photo.metadata
    return photo_writer.losses(metadata, suffix, photo.gray, photo.bit_depth)


def ready_for(photo: Photo, suffix: str = ".png") -> Photo:
    """The photo in colours that a format can describe; see `losses` first.

    Whoever hides something in the pixels does it after this, for
    `encode_photo` would convert them then.
    """
    pixels, metadata = photo_writer.convert_colors(
        photo.pixels, photo.gray, suffix, photo.metadata
    )
    return dataclasses.replace(photo, pixels=pixels, metadata=metadata)


def encode_photo(
    photo: Photo, suffix: str = ".png", quality: int | None = None
) -> bytes:
    """Encodes a photo as the bytes of an image file, upright.

    Args:
        photo: Photo.
        suffix: .png, .jpg, .jpeg, .webp, .tif, .tiff or .bmp. PNG and TIFF
            hold all pixels; JPEG and BMP cannot hold alpha; JPEG, WebP and
            BMP get 16-bit pixels rounded to 8. `losses` says what is lost of
            the metadata.
        quality: 1..100, for JPEG and WebP (default 95; WebP at 100 is lossy
            too).

    Returns:
        bytes.

    Raises:
        UserError: if the format cannot hold the photo.
    """
    return photo_writer.encode_pixels(
        photo.pixels,
        photo.alpha,
        photo.gray,
        suffix,
        quality,
        photo.metadata,
    )


def write_bytes(path: str | Path, data: bytes, overwrite: bool = False) -> None:
    """Writes a file completely or not at all; see `write_files`.

    Raises:
        UserError: naming the file, if it exists and is not to be replaced,
            or cannot be written.
    """
    write_files({path: data}, overwrite)


def write_photo(
    path: str | Path,
    photo: Photo,
    quality: int | None = None,
    overwrite: bool = False,
) -> None:
    """Writes a photo, all or nothing, in the format of the file's suffix.

    Raises:
        UserError: naming the file; see `encode_photo` and `write_bytes`.
    """
    try:
        data = encode_photo(photo, Path(path).suffix, quality)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error
    write_bytes(path, data, overwrite)


def make_directory(path: str | Path) -> None:
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


def is_photo(path: str | Path) -> bool:
    """Whether a file of a folder is taken for a photo.

    By its suffix; a file of another suffix, or of none, by its first bytes
    (not TIFF's and BMP's, which raw files and texts share). Hidden files are
    not.
    """
    path = Path(path)
    if path.name.startswith(".") or not path.is_file():
        return False
    if path.suffix.lower() in SUFFIXES:
        return True
    try:
        with open(path, "rb") as file:
            return sniff(file.read(64)) not in (None, "TIFF", "BMP")
    except OSError:
        return False


def list_directory(directory: str | Path) -> list[Path]:
    """What is in a directory, by name.

    Returns:
        sorted list of Path.

    Raises:
        UserError: if it is no directory or cannot be read.
    """
    directory = Path(directory)
    if not directory.is_dir():
        kind = "not a directory" if directory.exists() else "no such directory"
        raise UserError(f"{directory}: {kind}")
    try:
        return sorted(directory.iterdir())
    except OSError as error:
        raise UserError(
            f"{directory}: cannot be read: {error.strerror}"
        ) from error


def list_photos(directory: str | Path) -> list[Path]:
    """The photo files of a directory, by name; see `is_photo`.

    `shared.photo_folders.survey` also says what it leaves out.

    Returns:
        sorted list of Path; subdirectories are not entered.

    Raises:
        UserError: if it is no directory, or holds none.
    """
    paths = [*filter(is_photo, list_directory(directory))]
    if not paths:
        raise UserError(f"{directory}: holds no photos ({' '.join(SUFFIXES)})")
    return paths


def resize_area(image: np.ndarray, height: int, width: int) -> np.ndarray:
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
