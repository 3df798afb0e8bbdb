"""Malicious autoencoder: the small transformation that breaks ENet.

`malicious_ae.Segmenter` and `malicious_ae.Attacker` take and give numpy
arrays and need ONNX Runtime only; see `malicious_ae.api`. Importing this
package imports neither it nor a training framework.
"""

import importlib
from typing import TYPE_CHECKING, Any

from shared import __version__ as __version__  # first; see there

if TYPE_CHECKING:
    from malicious_ae.api import Attacker, Segmenter

__all__ = ["Attacker", "Segmenter"]


def __getattr__(name: str) -> Any:
    # On demand, so that `import malicious_ae.networks` costs no ONNX Runtime.
    if name in __all__:
        return getattr(importlib.import_module("malicious_ae.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
