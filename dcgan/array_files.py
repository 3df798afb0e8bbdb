"""Image sets in single files: NumPy's npz and MNIST's IDX."""

import gzip
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np

from shared.errors import UserError

# More than any set of small images needs; read from the files' headers.
MAX_BYTES = 4 << 30
_UNSIGNED_BYTE = 8


def read_npz(path, names):
    """Reads uint8 arrays of an npz file; nothing in it is unpickled.

    Args:
        path: File.
        names: Names of the arrays wanted.

    Returns:
        uint8 arrays in the order of `names`.

    Raises:
        UserError: naming the file, if it is cut short, no npz, too large, or
            lacks an array.
    """
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(i.file_size for i in archive.infolist()) > MAX_BYTES:
                raise UserError(
                    f"{path}: holds more than {MAX_BYTES >> 30} GiB"
                )
        with np.load(path, allow_pickle=False) as archive:
            arrays = [archive[name] for name in names]
    except KeyError as error:
        raise UserError(
            f"{path}: has no array {error.args[0].split()[0]}; needed are "
            f"{', '.join(names)}"
        ) from error
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError) as error:
        raise UserError(
            f"{path}: cannot be read as npz ({error}); it may be cut short: "
            "fetch it again"
        ) from error
    for name, array in zip(names, arrays, strict=True):
        if array.dtype != np.uint8:
            raise UserError(
                f"{path}: `{name}` is {array.dtype}, not uint8 (0 to 255)"
            )
    return arrays


def read_idx(path):
    """Reads an IDX file of bytes, compressed (.gz) or not.

    Args:
        path: File: two zero bytes, the type 8, the number of dimensions,
            each dimension as a big-endian 32-bit integer, the values.

    Returns:
        uint8 array.

    Raises:
        UserError: naming the file, if it is cut short or no IDX of bytes.
    """
    path = Path(path)
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
            data = file.read(MAX_BYTES)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise UserError(
            f"{path}: cannot be read ({error}); it may be cut short: fetch "
            "it again"
        ) from error
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] != _UNSIGNED_BYTE:
        raise UserError(f"{path}: is no IDX file of bytes")
    dimensions = data[3]
    start = 4 + 4 * dimensions
    if not dimensions or len(data) < start:
        raise UserError(f"{path}: is cut short in its header")
    shape = struct.unpack(f">{dimensions}I", data[4:start])
    # Python's integers: a hostile header must not overflow.
    wanted = 1
    for length in shape:
        wanted *= length
    if len(data) - start != wanted:
        raise UserError(
            f"{path}: holds {len(data) - start} of the {wanted} values its "
            "header promises; fetch it again"
        )
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)
