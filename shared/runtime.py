"""ONNX Runtime sessions for exported models."""

import json
from pathlib import Path

import onnxruntime
from absl import flags

from shared.errors import UserError
from shared.text import is_utf8

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
}


def define_flags(values=flags.FLAGS):
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


def open_session(path, threads=0, provider="cpu"):
    """Opens an exported model.

    Args:
        path: file with an ONNX model.
        threads: int >= 0, processor threads of one run; 0 takes every core.
        provider: key of `PROVIDERS`.

    Returns:
        onnxruntime.InferenceSession.

    Raises:
        UserError: naming the file, if it is missing, no ONNX model, or the
            provider is not installed.
        ValueError: for an unknown provider or negative threads.
    """
    path = Path(path)
    if provider not in PROVIDERS:
        raise ValueError(
            f"provider must be one of {', '.join(PROVIDERS)}. "
            f"Received: provider={provider!r}"
        )
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
    # Warnings of the graph optimizer are not for the person at the keyboard.
    options.log_severity_level = 3
    # ONNX Runtime takes a path in UTF-8 only.
    model = str(path) if is_utf8(str(path)) else path.read_bytes()
    try:
        return onnxruntime.InferenceSession(
            model, options, providers=[PROVIDERS[provider]]
        )
    except Exception as error:
        # ONNX Runtime raises a dozen unrelated types, all of them from its C
        # library, and all of them mean the same to the caller.
        reason = str(error).splitlines()[0][:160] if str(error) else ""
        raise UserError(
            f"{path}: cannot be loaded as an ONNX model ({reason}); export it "
            "again, or fetch it again if it was downloaded"
        ) from error


def read_metadata(session, key, path="model"):
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
