"""What every system stands on; import the module that you mean.

Every package imports this one before anything else, and so before TensorFlow.
"""

import glob
import os
import sys

# The one place: pyproject.toml and every package read it from here.
__version__ = "0.2.0"

# How Linux shows the GPUs of NVIDIA (in a PC, in a board of its own, under
# Windows) and of AMD.
_GPUS = ("/dev/nvidia*", "/dev/nvhost*", "/dev/dxg", "/dev/kfd")


def _spare_the_search_for_gpus(environment, gpus=_GPUS) -> None:
    """Lets TensorFlow keep to itself that it looked for a GPU in vain.

    It reports as an error, in every command, that CUDA does not start. Where
    a GPU is, or where someone has chosen what to be told, nothing changes.

    Args:
        environment: The process', which is written to.
        gpus: Patterns of the files that stand for GPUs.
    """
    if sys.platform == "linux" and not any(map(glob.glob, gpus)):
        environment.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


_spare_the_search_for_gpus(os.environ)
