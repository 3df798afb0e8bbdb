"""Exported models on ONNX Runtime: sessions, and what the files say."""

import json
import os
import reprlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import onnxruntime
from absl import flags

from shared.errors import UserError, check_choice
from shared.text import is_utf8

T = TypeVar("T")

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
}


def define_flags(values: flags.FlagValues = flags.FLAGS) -> None:
    """Defines --threads and --provider; see `open_session`."""
    flags.DEFINE_integer(
        "threads",
        0,
        "Processor threads for the network; 0 takes every core.",
        lower_bound=0,
        flag_values=values,
    )
    flags.DEFINE_enum(
        "provider",
        "cpu",
        sorted(PROVIDERS),
        "What ONNX Runtime runs the network on. Anything but cpu needs the "
        "ONNX Runtime package built for it.",
        flag_values=values,
    )


def open_session(
    path: str | Path,
    threads: int = 0,
    provider: str = "cpu",
    weights_dir: str | Path | None = None,
    spin: bool = True,
) -> onnxruntime.InferenceSession:
    """Opens an exported model.

    Args:
        path: file with an ONNX model.
        threads: int >= 0, processor threads of one run; 0 takes every core.
        provider: key of `PROVIDERS`.
        weights_dir: folder of the files in which a model's weights lie, if
            they do not lie in its own.
        spin: whether its threads stay awake between runs, which is a little
            faster, but not for what works in between.

    Returns:
        onnxruntime.InferenceSession.

    Raises:
        UserError: naming the file, if it is missing, no ONNX model, or the
            provider is not installed.
        ValueError: for an unknown provider or negative threads.
    """
    path = Path(path)
    check_choice("provider", provider, PROVIDERS)
    if threads < 0:
        raise ValueError(f"threads must be >= 0. Received: threads={threads}")
    if not path.is_file():
        raise UserError(f"{path}: no such model file")
    available = onnxruntime.get_available_providers()
    if PROVIDERS[provider] not in available:
        names = [key for key, name in PROVIDERS.items() if name in available]
        raise UserError(
            f"--provider={provider}: not in the installed ONNX Runtime, which "
            f"has {', '.join(names)}"
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    if not spin:
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Warnings of the graph optimizer are not for the person at the keyboard.
    options.log_severity_level = 3
    if weights_dir is not None:
        options.add_session_config_entry(
            "session.model_external_initializers_file_folder_path",
            os.fsencode(weights_dir),
        )
    # ONNX Runtime takes a path in UTF-8 only, and looks for weights in another
    # folder only where it is given bytes.
    named = weights_dir is None and is_utf8(str(path))
    model = str(path) if named else path.read_bytes()
    try:
        return onnxruntime.InferenceSession(
            model, options, providers=[PROVIDERS[provider]]
        )
    except Exception as error:
        # ONNX Runtime raises a dozen unrelated types, all of them from its C
        # library, and all of them mean the same to the caller.
        raise UserError(
            f"{path}: cannot be loaded as an ONNX model "
            f"({_first_line(error)}); export it again, or fetch it again if "
            "it was downloaded"
        ) from error


def _first_line(error):
    return str(error).split("\n")[0][:160]


def read_metadata(
    session: onnxruntime.InferenceSession, key: str, path: str | Path = "model"
) -> dict:
    """Reads the JSON that `shared.export` left in a model under `key`.

    Args:
        session: onnxruntime.InferenceSession.
        key: str, name of the system that the model belongs to.
        path: what the error message calls the model.

    Returns:
        dict.

    Raises:
        UserError: if the model carries none.
    """
    text = session.get_modelmeta().custom_metadata_map.get(key)
    try:
        metadata = json.loads(text)
        if not isinstance(metadata, dict):
            raise TypeError(text)
    except (TypeError, ValueError):
        raise UserError(
            f"{path}: is no {key} model (its metadata lacks {key!r}); export "
            f"it with python -m {key}.export"
        ) from None
    return metadata


def run_session(
    session: onnxruntime.InferenceSession,
    path: str | Path,
    inputs: Mapping[str, np.ndarray],
    names: Sequence[str] | None = None,
) -> Sequence[Any]:
    """Runs a model on one batch.

    Args:
        session: onnxruntime.InferenceSession.
        path: what the error message calls the model.
        inputs: dict, arrays by the names of the model's inputs.
        names: list of the outputs wanted; None takes all.

    Returns:
        list of arrays, one an output.

    Raises:
        UserError: if it fails, as it does on arrays of another shape or type.
    """
    try:
        return session.run(names, inputs)
    except Exception as error:
        # ONNX Runtime's own exception types are private to its C library.
        raise UserError(
            f"{path}: the network failed: {_first_line(error)}"
        ) from error


class ExportedNetwork:
    """A file that a package's export command wrote, and what it says.

    Args:
        path: ONNX file.
        package: str, the key that its metadata is under.
        role: str, which network of the package it must be.
        threads, provider, weights_dir, spin: as for `open_session`.

    Attributes:
        path: Path.
        session: onnxruntime.InferenceSession.
        metadata: dict.

    Raises:
        UserError: if the file is missing, damaged, or another network.
    """

    def __init__(
        self,
        path: str | Path,
        package: str,
        role: str,
        threads: int = 0,
        provider: str = "cpu",
        weights_dir: str | Path | None = None,
        spin: bool = True,
    ) -> None:
        self.path = Path(path)
        self.session = open_session(
            self.path, threads, provider, weights_dir, spin
        )
        self.metadata = read_metadata(self.session, package, self.path)
        found = self.value("role", str)
        if found != role:
            raise UserError(
                f"{self.path}: holds the network {found!r} where {role!r} is "
                "wanted; export that to this name, or give its file"
            )

    def value(self, key: str, kind: Callable[[Any], T]) -> T:
        """A value of the metadata.

        Args:
            key: str.
            kind: callable that makes it of what JSON holds, such as `int`.

        Raises:
            UserError: if it is missing, or `kind` does not take it.
        """
        try:
            return kind(self.metadata[key])
        except (KeyError, TypeError, ValueError) as error:
            held = reprlib.repr(self.metadata.get(key))
            raise UserError(
                f"{self.path}: its metadata is incomplete (`{key}` is "
                f"{held}); export it again"
            ) from error

    def check_sizes(
        self,
        inputs: Mapping[str, Sequence[int | None]],
        output: Sequence[int | None],
    ) -> None:
        """Checks that the network is what its metadata says.

        Args:
            inputs: dict, for each input by its name the sizes of an example;
                None stands for any.
            output: sizes of an example of the first output.

        Raises:
            UserError: if it has other inputs or sizes. Sizes that the file
                leaves free fit all.
        """
        nodes = self.session.get_inputs()
        names = sorted(node.name for node in nodes)
        if names != sorted(inputs):
            raise UserError(
                f"{self.path}: has the inputs {', '.join(names)} where "
                f"{', '.join(sorted(inputs))} are wanted; export it again"
            )
        wanted = [(node, inputs[node.name]) for node in nodes]
        wanted.append((self.session.get_outputs()[0], output))
        for node, sizes in wanted:
            found = node.shape[1:]
            if len(found) != len(sizes) or any(
                isinstance(size, int) and size != said
                for size, said in zip(found, sizes, strict=True)
                if said is not None
            ):
                raise UserError(
                    f"{self.path}: its `{node.name}` has the size "
                    f"{_by(found)} where its metadata says {_by(sizes)}; "
                    "export it again"
                )

    def run(self, **inputs: np.ndarray) -> np.ndarray:
        """Its first output for one batch; see `run_session`."""
        return run_session(self.session, self.path, inputs)[0]


def _by(sizes):
    return " x ".join("any" if size is None else str(size) for size in sizes)
