"""StegaStamp: hide a short message in a photo and read it back.

`stegastamp.Encoder` and `stegastamp.Decoder` take and give numpy arrays and
need ONNX Runtime only; see `stegastamp.api`. Importing this package imports
neither it nor a training framework.
"""

import importlib
from typing import TYPE_CHECKING, Any

from shared import __version__ as __version__  # first; see there

if TYPE_CHECKING:
    from stegastamp.api import Decoder, Encoder

__all__ = ["Decoder", "Encoder"]


def __getattr__(name: str) -> Any:
    # On demand, so that `import stegastamp.networks` costs no ONNX Runtime
    # and `import stegastamp.message` no OpenCV.
    if name in __all__:
        return getattr(importlib.import_module("stegastamp.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
