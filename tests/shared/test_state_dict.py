"""Weight files: every format, and what hostile ones try."""

import collections
import json
import os
import pickle
import struct
import zipfile

import numpy as np
import pytest

from shared.errors import UserError
from shared.state_dict import read_state_dict
from tests.shared.state_dicts import (
    WRITERS,
    write_safetensors,
    write_torch_legacy,
    write_torch_zip,
)

rng = np.random.default_rng(4)
ARRAYS = {
    "features.0.weight": rng.normal(size=(4, 3, 2, 2)).astype("float32"),
    "features.0.bias": rng.normal(size=(4,)).astype("float32"),
    "scalar": np.float32(2.5).reshape(()),
    "empty": np.zeros((0, 3), "float32"),
    "transposed": rng.normal(size=(5, 3)).astype("float32").T,
}


@pytest.mark.parametrize("name", WRITERS)
def test_round_trip(tmp_path, name):
    WRITERS[name](tmp_path / name, ARRAYS)
    result = read_state_dict(tmp_path / name)
    assert list(result) == list(ARRAYS)
    for key, array in ARRAYS.items():
        assert result[key].dtype == np.float32
        # Other formats keep rows in order; PyTorch keeps the strides.
        np.testing.assert_array_equal(result[key], array)


@pytest.mark.parametrize("name", WRITERS)
def test_every_cut_is_refused(tmp_path, name):
    whole = tmp_path / name
    WRITERS[name](whole, {"a": np.arange(6.0, dtype="float32")})
    content = whole.read_bytes()
    for length in range(0, len(content), 7):
        whole.write_bytes(content[:length])
        with pytest.raises(UserError, match=name):
            read_state_dict(whole)


def test_nothing_in_a_pickle_runs(tmp_path):
    witness = tmp_path / "ran"

    class Hostile:
        def __reduce__(self):
            return os.system, (f"touch {witness}",)

    hostile = {"a": Hostile()}
    with zipfile.ZipFile(tmp_path / "zip.pth", "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(hostile, 2))
    (tmp_path / "plain.pth").write_bytes(pickle.dumps(hostile, 2))
    np.savez(tmp_path / "objects.npz", a=np.array([Hostile()]))
    for name in ("zip.pth", "plain.pth", "objects.npz"):
        with pytest.raises(UserError, match=name):
            read_state_dict(tmp_path / name)
    assert not witness.exists()


@pytest.mark.parametrize(
    "value",
    [[1, 2], {"a": 3}, {"a": [1.0]}, collections.OrderedDict(a="text")],
)
def test_other_pickles_are_refused(tmp_path, value):
    path = tmp_path / "a.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(value, 2))
    with pytest.raises(UserError, match="a.pth"):
        read_state_dict(path)


@pytest.mark.parametrize(
    ("shape", "strides"), [((5,), (1,)), ((2, 2), (2, 2)), ((1 << 40,), (0,))]
)
def test_a_tensor_cannot_reach_outside_its_storage(
    tmp_path, shape, strides, monkeypatch
):
    from tests.shared import state_dicts

    class Liar(state_dicts.Tensor):
        def __reduce__(self):
            function, arguments = super().__reduce__()
            storage, offset, _, _, *rest = arguments
            return function, (storage, offset, shape, strides, *rest)

    monkeypatch.setattr(state_dicts, "Tensor", Liar)
    array = {"a": np.arange(4.0, dtype="float32")}
    for name, write in (
        ("zip.pth", write_torch_zip),
        ("legacy.pth", write_torch_legacy),
    ):
        write(tmp_path / name, array)
        with pytest.raises(UserError, match=name):
            read_state_dict(tmp_path / name)


def test_safetensors_cannot_reach_outside_the_file(tmp_path):
    path = tmp_path / "a.safetensors"
    write_safetensors(path, {"a": np.zeros(2, "float32")})
    content = path.read_bytes()
    path.write_bytes(content.replace(b"[0, 8]", b"[0,80]"))
    with pytest.raises(UserError, match="outside"):
        read_state_dict(path)
    path.write_bytes(struct.pack("<Q", 1 << 60) + json.dumps({}).encode())
    with pytest.raises(UserError, match="header"):
        read_state_dict(path)


def test_missing_and_foreign_files(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        read_state_dict(tmp_path / "absent.pth")
    (tmp_path / "text.pth").write_text("hello, world")
    with pytest.raises(UserError, match="neither"):
        read_state_dict(tmp_path / "text.pth")
    with pytest.raises(UserError, match="no such file"):
        read_state_dict(tmp_path)
