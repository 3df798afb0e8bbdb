"""Stego: send text inside images, and measure whether it can be seen.

`stego.Encoder` and `stego.Decoder` take and give numpy arrays and need ONNX
Runtime only; see `stego.api`. Importing this package imports neither it nor a
training framework.
"""

import importlib
from typing import TYPE_CHECKING, Any

from shared import __version__ as __version__  # first; see there

if TYPE_CHECKING:
    from stego.api import (
        DamagedMessage,
        Decoder,
        Encoder,
        Message,
        NoMessage,
    )

__all__ = ["DamagedMessage", "Decoder", "Encoder", "Message", "NoMessage"]


def __getattr__(name: str) -> Any:
    # On demand, so that `import stego.networks` costs no ONNX Runtime.
    if name in __all__:
        return getattr(importlib.import_module("stego.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
