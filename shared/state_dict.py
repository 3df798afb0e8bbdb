"""Named arrays from published weight files, PyTorch's included, read safely.

A `.pth` file is a pickle, and unpickling runs whatever the file says. Here
nothing is unpickled: the opcodes are walked one by one, and only those which
describe a dictionary of tensors are understood. No name in the file is ever
imported or called.
"""

import json
import math
import os
import pickletools
import struct
import zipfile
from collections import namedtuple

import numpy as np

from shared.errors import UserError

_MOST_BYTES = 2 << 30
_MOST_HEADER_BYTES = 32 << 20
_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C

_STORAGE_DTYPES = {
    "torch DoubleStorage": "<f8",
    "torch FloatStorage": "<f4",
    "torch HalfStorage": "<f2",
    "torch LongStorage": "<i8",
    "torch IntStorage": "<i4",
    "torch ShortStorage": "<i2",
    "torch CharStorage": "<i1",
    "torch ByteStorage": "<u1",
    "torch BoolStorage": "?",
}
_SAFETENSORS_DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "<i1",
    "U8": "<u1",
    "BOOL": "?",
}

_Global = namedtuple("_Global", "name")
_Storage = namedtuple("_Storage", "key dtype count")
_Tensor = namedtuple("_Tensor", "storage offset shape strides")
_MARK = object()


class _Refused(Exception):
    """What is wrong with a file, without its name."""


def read_state_dict(path):
    """Reads a file of named arrays.

    The format is told by the content: `.npz`, `.safetensors`, or PyTorch's
    `.pth` / `.pt` of a state dict (today's zip and the older plain pickle).
    Never runs anything in the file.

    Args:
        path: The file, at most 2 GiB.

    Returns:
        Dictionary from name to array.

    Raises:
        UserError: If the file is missing, damaged, too large, or holds
            anything but named arrays.
    """
    path = os.fspath(path)
    if not os.path.isfile(path):
        raise UserError(f"{path}: no such file")
    try:
        return _read(path)
    except _Refused as error:
        raise UserError(f"{path}: {error}") from error
    except (
        AttributeError,
        EOFError,
        IndexError,
        KeyError,
        OverflowError,
        TypeError,
        ValueError,
        struct.error,
        zipfile.BadZipFile,
    ) as error:
        raise UserError(
            f"{path}: damaged, or not a .npz, .safetensors or .pth file of "
            "named arrays"
        ) from error


def _read(path):
    size = os.path.getsize(path)
    if size > _MOST_BYTES:
        raise _Refused(f"{size} bytes, more than {_MOST_BYTES}")
    with open(path, "rb") as file:
        start = file.read(9)
        file.seek(0)
        if start[:4] == b"PK\x03\x04":
            return _read_zip(path)
        if start[8:9] == b"{":
            return _read_safetensors(file, size)
        if start[:1] == b"\x80":
            return _read_legacy_torch(file, size)
    raise _Refused("neither .npz, .safetensors nor .pth")


def _read_zip(path):
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > _MOST_BYTES:
            raise _Refused(f"more than {_MOST_BYTES} bytes when unpacked")
        pickles = [
            entry
            for entry in entries
            if entry.filename.split("/")[1:] == ["data.pkl"]
        ]
        if pickles:
            return _read_torch_zip(archive, pickles[0])
    with np.load(path, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _read_safetensors(file, size):
    (header_size,) = struct.unpack("<Q", file.read(8))
    if header_size > min(size - 8, _MOST_HEADER_BYTES):
        raise _Refused("its header is longer than the file or 32 MiB")
    header = json.loads(file.read(header_size))
    body = file.read()
    result = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        if entry["dtype"] not in _SAFETENSORS_DTYPES:
            raise _Refused(f"{name} has dtype {entry['dtype']}, not supported")
        first, last = entry["data_offsets"]
        if not 0 <= first <= last <= len(body):
            raise _Refused(f"{name} lies outside the file")
        values = np.frombuffer(
            body[first:last], _SAFETENSORS_DTYPES[entry["dtype"]]
        )
        result[name] = values.reshape(entry["shape"])
    return result


def _read_torch_zip(archive, entry):
    if entry.file_size > _MOST_HEADER_BYTES:
        raise _Refused("its data.pkl is larger than 32 MiB")
    folder = entry.filename.split("/")[0]
    order = f"{folder}/byteorder"
    if order in archive.namelist() and archive.read(order) != b"little":
        raise _Refused("its numbers are big-endian, not supported")
    with archive.open(entry) as file:
        tensors = _tensors(_walk_pickle(file))
    return {
        name: _materialise(
            name, tensor, archive.read(f"{folder}/data/{tensor.storage.key}")
        )
        for name, tensor in tensors.items()
    }


def _read_legacy_torch(file, size):
    """Magic number, version, system, state dict, storage keys, storages."""
    if _walk_pickle(file) != _LEGACY_MAGIC:
        raise _Refused("a pickle, but not one that PyTorch wrote")
    _walk_pickle(file)
    system = _walk_pickle(file)
    if not system.get("little_endian", True):
        raise _Refused("its numbers are big-endian, not supported")
    tensors = _tensors(_walk_pickle(file))
    keys = _walk_pickle(file)
    item_sizes = {
        tensor.storage.key: np.dtype(tensor.storage.dtype).itemsize
        for tensor in tensors.values()
    }
    bytes_of = {}
    for key in keys:
        if key not in item_sizes:
            raise _Refused(f"storage {key} belongs to no tensor")
        (count,) = struct.unpack("<q", file.read(8))
        if not 0 <= count * item_sizes[key] <= size - file.tell():
            raise _Refused("cut short")
        bytes_of[key] = file.read(count * item_sizes[key])
    return {
        name: _materialise(name, tensor, bytes_of[tensor.storage.key])
        for name, tensor in tensors.items()
    }


def _tensors(state):
    if isinstance(state, dict) and isinstance(state.get("state_dict"), dict):
        state = state["state_dict"]
    if not isinstance(state, dict):
        raise _Refused("holds no state dict")
    for name, value in state.items():
        if not (isinstance(name, str) and isinstance(value, _Tensor)):
            raise _Refused(f"{name!r} is not a tensor; save the state dict")
    # Many names may share one storage: small files must stay small.
    if sum(map(_byte_count, state.values())) > _MOST_BYTES:
        raise _Refused(f"more than {_MOST_BYTES} bytes when unpacked")
    return state


def _byte_count(tensor):
    return math.prod(tensor.shape) * np.dtype(tensor.storage.dtype).itemsize


def _materialise(name, tensor, content):
    values = np.frombuffer(content, tensor.storage.dtype)
    shape, strides = tensor.shape, tensor.strides
    sane = (
        len(shape) == len(strides)
        and all(type(n) is int for n in (tensor.offset, *shape, *strides))
        and min((tensor.offset, *shape, *strides)) >= 0
        and math.prod(shape) <= len(values)
    )
    if sane and math.prod(shape):
        last = tensor.offset + sum(
            (side - 1) * stride
            for side, stride in zip(shape, strides, strict=True)
        )
        sane = last < len(values)
    if not sane:
        raise _Refused(f"{name} lies outside its storage")
    return np.lib.stride_tricks.as_strided(
        values[tensor.offset :],
        shape,
        [stride * values.itemsize for stride in strides],
    ).copy()


def _rebuild(function, arguments):
    """What the few functions a state dict names would have returned."""
    if function == _Global("collections OrderedDict"):
        # Python 2 gives the pairs here, Python 3 sets them afterwards.
        result, pairs = {}, arguments[0] if arguments else ()
        _set_items(
            result, [key for key, _ in pairs], [value for _, value in pairs]
        )
        return result
    if function in (
        _Global("torch._utils _rebuild_tensor"),
        _Global("torch._utils _rebuild_tensor_v2"),
    ):
        storage, offset, shape, strides = arguments[:4]
        if not isinstance(storage, _Storage):
            raise _Refused("a tensor without a storage")
        return _Tensor(storage, offset, tuple(shape), tuple(strides))
    if function == _Global("torch._utils _rebuild_parameter"):
        return arguments[0]
    name = function.name if isinstance(function, _Global) else "a value"
    raise _Refused(
        f"its pickle calls {name}, which no state dict needs: refused"
    )


def _storage(reference):
    kind, storage_type, key, _, count = reference[:5]
    dtype = _STORAGE_DTYPES.get(getattr(storage_type, "name", None))
    if kind != "storage" or dtype is None:
        raise _Refused("a storage of a type that is not supported")
    return _Storage(str(key), dtype, count)


def _set_items(target, keys, values):
    # Hashing a nest of shared tuples can take for ever.
    if not all(isinstance(key, str | int) for key in keys):
        raise _Refused("a dictionary's key is neither text nor number")
    target.update(zip(keys, values, strict=True))


_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_LITERALS = (
    "BININT BININT1 BININT2 LONG1 BINFLOAT BINUNICODE SHORT_BINUNICODE "
    "BINSTRING SHORT_BINSTRING"
).split()
_TUPLES = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


def _walk_pickle(file):
    """Follows one pickle's opcodes up to its STOP and returns its value."""
    stack, memo = [], {}

    def since_mark():
        at = len(stack) - 1 - stack[::-1].index(_MARK)
        values = stack[at + 1 :]
        del stack[at:]
        return values

    for opcode, argument, _ in pickletools.genops(file):
        name = opcode.name
        if name in ("PROTO", "FRAME"):
            pass
        elif name == "STOP":
            return stack.pop()
        elif name == "MARK":
            stack.append(_MARK)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in _LITERALS:
            stack.append(argument)
        elif name == "GLOBAL":
            stack.append(_Global(argument))
        elif name == "EMPTY_DICT":
            stack.append({})
        elif name == "EMPTY_LIST":
            stack.append([])
        elif name in _TUPLES:
            start = len(stack) - _TUPLES[name]
            stack[start:] = [tuple(stack[start:])]
        elif name == "TUPLE":
            stack.append(tuple(since_mark()))
        elif name == "APPEND":
            value = stack.pop()
            stack[-1].append(value)
        elif name == "APPENDS":
            values = since_mark()
            stack[-1].extend(values)
        elif name == "SETITEM":
            value, key = stack.pop(), stack.pop()
            _set_items(stack[-1], [key], [value])
        elif name == "SETITEMS":
            values = since_mark()
            _set_items(stack[-1], values[::2], values[1::2])
        elif name in ("BINPUT", "LONG_BINPUT"):
            memo[argument] = stack[-1]
        elif name == "MEMOIZE":
            memo[len(memo)] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(memo[argument])
        elif name == "BINPERSID":
            stack.append(_storage(stack.pop()))
        elif name == "REDUCE":
            arguments = stack.pop()
            stack.append(_rebuild(stack.pop(), arguments))
        elif name == "BUILD":
            # A state dict's own attributes: the modules' versions.
            stack.pop()
        else:
            raise _Refused(f"its pickle uses {name}, which no state dict needs")
    raise _Refused("cut short")
