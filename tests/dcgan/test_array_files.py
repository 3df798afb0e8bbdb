"""npz and IDX files: what was written is read; what is broken is named."""

import gzip
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from dcgan.array_files import read_idx, read_npz
from shared.errors import UserError


def idx_bytes(array):
    header = bytes([0, 0, 8, array.ndim])
    header += struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.tobytes()


@given(
    arrays.arrays(np.uint8, arrays.array_shapes(max_dims=4)),
    st.booleans(),
)
def test_idx_is_read_as_written(tmp_path_factory, array, compressed):
    path = tmp_path_factory.mktemp("idx") / ("a.gz" if compressed else "a")
    data = idx_bytes(array)
    path.write_bytes(gzip.compress(data) if compressed else data)
    np.testing.assert_array_equal(read_idx(path), array)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no IDX file"),
        (b"PK\3\4 something", "no IDX file"),
        (bytes([0, 0, 13, 1, 0, 0, 0, 1]), "no IDX file"),
        (bytes([0, 0, 8, 0]), "header"),
        (bytes([0, 0, 8, 3, 0, 0]), "header"),
        (idx_bytes(np.zeros((3, 4), np.uint8))[:-1], "11 of the 12"),
        (idx_bytes(np.zeros(3, np.uint8)) + b"x", "4 of the 3"),
        # A header which promises more than any memory holds.
        (bytes([0, 0, 8, 4]) + b"\xff" * 16, "of the"),
    ],
)
def test_a_broken_idx_file_is_named(tmp_path, data, words):
    path = tmp_path / "images"
    path.write_bytes(data)
    with pytest.raises(UserError, match=words) as caught:
        read_idx(path)
    assert str(path) in str(caught.value)


def test_a_broken_gzip_file_is_named(tmp_path):
    path = tmp_path / "images.gz"
    rng = np.random.default_rng(0)
    data = gzip.compress(idx_bytes(rng.integers(0, 256, (99, 9), np.uint8)))
    for broken in (data[: len(data) // 2], b"no gzip", data[:12] + data[40:]):
        path.write_bytes(broken)
        with pytest.raises(UserError, match="images.gz"):
            read_idx(path)


def test_npz_gives_the_named_arrays_in_order(tmp_path):
    a, b = np.zeros((2, 3), np.uint8), np.ones(4, np.uint8)
    np.savez_compressed(tmp_path / "x.npz", a=a, b=b)
    first, second = read_npz(tmp_path / "x.npz", ("b", "a"))
    assert first.shape == (4,) and second.shape == (2, 3)


def test_a_broken_npz_is_named(tmp_path):
    path = tmp_path / "x.npz"
    rng = np.random.default_rng(0)
    np.savez(path, x=rng.integers(0, 256, 5000, np.uint8))
    whole = path.read_bytes()
    for broken in (whole[:2000], b"nothing", b""):
        path.write_bytes(broken)
        with pytest.raises(UserError, match="cut short"):
            read_npz(path, ("x",))
    # A damaged byte inside fails the archive's checksum.
    path.write_bytes(whole[:2000] + bytes([whole[2000] ^ 1]) + whole[2001:])
    with pytest.raises(UserError, match="cut short"):
        read_npz(path, ("x",))


def test_an_npz_of_other_contents_is_named(tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, x=np.zeros(3), y=np.array([{"a": 1}], dtype=object))
    with pytest.raises(UserError, match="no array z"):
        read_npz(path, ("z",))
    with pytest.raises(UserError, match="float64, not uint8"):
        read_npz(path, ("x",))
    # An object array would have to be unpickled.
    with pytest.raises(UserError, match="cannot be read"):
        read_npz(path, ("y",))
