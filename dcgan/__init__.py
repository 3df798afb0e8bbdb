"""DCGAN: train, look at, judge and export a small image GAN.

`dcgan.Generator` draws images with ONNX Runtime only; see `dcgan.api`.
Importing this package imports neither it nor a training framework.
"""

import importlib
from typing import TYPE_CHECKING, Any

from shared import __version__ as __version__  # first; see there

if TYPE_CHECKING:
    from dcgan.api import Generator

__all__ = ["Generator"]


def __getattr__(name: str) -> Any:
    # On demand, so that `import dcgan.networks` costs no ONNX Runtime.
    if name in __all__:
        return getattr(importlib.import_module("dcgan.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
