"""Writes the weight files that PyTorch writes, without PyTorch."""

import collections
import io
import json
import pickle
import struct
import sys
import types
import zipfile
from contextlib import contextmanager

import numpy as np

_MAGIC = 0x1950A86A20F9469CFC6C


class Tensor:
    """An array that pickles as PyTorch pickles a tensor."""

    def __init__(self, key, array):
        self.key, self.array = key, array

    def __reduce__(self):
        rebuild = sys.modules["torch._utils"]._rebuild_tensor_v2
        strides = [s // self.array.itemsize for s in self.array.strides]
        storage = Storage(self.key, self.array.size)
        return rebuild, (
            storage,
            0,
            self.array.shape,
            tuple(strides),
            False,
            collections.OrderedDict(),
        )


class Python2State(collections.OrderedDict):
    """A state dict as Python 2 pickled it: its pairs as an argument."""

    def __reduce__(self):
        pairs = [[name, tensor] for name, tensor in self.items()]
        return collections.OrderedDict, (pairs,)


class Storage:
    """What a tensor refers to by a persistent id."""

    def __init__(self, key, count):
        self.key, self.count = key, count


class _Pickler(pickle.Pickler):
    legacy = False

    def persistent_id(self, value):
        if not isinstance(value, Storage):
            return None
        kind = sys.modules["torch"].FloatStorage
        reference = ("storage", kind, value.key, "cpu", value.count)
        return (*reference, None) if self.legacy else reference


@contextmanager
def _torch_names():
    torch = types.ModuleType("torch")
    utils = types.ModuleType("torch._utils")

    def _rebuild_tensor_v2(*arguments):
        raise AssertionError("nothing may be called while reading")

    _rebuild_tensor_v2.__module__ = "torch._utils"
    _rebuild_tensor_v2.__qualname__ = "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2
    torch.FloatStorage = type("FloatStorage", (), {"__module__": "torch"})
    torch._utils = utils
    sys.modules.update({"torch": torch, "torch._utils": utils})
    try:
        yield
    finally:
        del sys.modules["torch"], sys.modules["torch._utils"]


def _pickled(value, legacy=False):
    buffer = io.BytesIO()
    pickler = _Pickler(buffer, protocol=2)
    pickler.legacy = legacy
    pickler.dump(value)
    return buffer.getvalue()


def _state(arrays, state_class=collections.OrderedDict):
    state = state_class()
    for key, (name, array) in enumerate(arrays.items()):
        state[name] = Tensor(str(key), np.asarray(array, "<f4"))
    # Modules leave their versions in an attribute, which pickles as BUILD.
    state._metadata = collections.OrderedDict({"": {"version": 1}})
    return state


def write_torch_zip(path, arrays):
    """Writes float32 arrays as `torch.save` of a state dict does today."""
    with _torch_names(), zipfile.ZipFile(path, "w") as archive:
        state = _state(arrays)
        archive.writestr("archive/data.pkl", _pickled(state))
        archive.writestr("archive/byteorder", b"little")
        for tensor in state.values():
            archive.writestr(
                f"archive/data/{tensor.key}", tensor.array.tobytes(order="A")
            )


def write_torch_legacy(path, arrays, state_class=collections.OrderedDict):
    """Writes float32 arrays as PyTorch before 1.6 did."""
    with _torch_names(), open(path, "wb") as file:
        state = _state(arrays, state_class)
        file.write(_pickled(_MAGIC))
        file.write(_pickled(1001))
        file.write(_pickled({"protocol_version": 1001, "little_endian": True}))
        file.write(_pickled(state, legacy=True))
        keys = [tensor.key for tensor in state.values()]
        file.write(_pickled(keys))
        for tensor in state.values():
            file.write(struct.pack("<q", tensor.array.size))
            file.write(tensor.array.tobytes(order="A"))


def write_torch_python2(path, arrays):
    """The same, written under Python 2: how LPIPS is published."""
    write_torch_legacy(path, arrays, Python2State)


def write_safetensors(path, arrays):
    """Writes float32 arrays in the safetensors format."""
    header, body = {"__metadata__": {"format": "pt"}}, b""
    for name, array in arrays.items():
        content = np.asarray(array, "<f4").tobytes()
        header[name] = {
            "dtype": "F32",
            "shape": list(array.shape),
            "data_offsets": [len(body), len(body) + len(content)],
        }
        body += content
    encoded = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(encoded)) + encoded + body)


def write_npz(path, arrays):
    """Writes arrays as NumPy does."""
    with open(path, "wb") as file:
        np.savez(file, **arrays)


WRITERS = {
    "zip.pth": write_torch_zip,
    "legacy.pth": write_torch_legacy,
    "python2.pth": write_torch_python2,
    "a.safetensors": write_safetensors,
    "a.npz": write_npz,
}
