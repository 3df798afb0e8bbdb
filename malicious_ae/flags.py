"""Flags that several commands of this package have."""

from absl import flags

from malicious_ae.classes import CLASS_LISTS
from shared.errors import UserError

SIZES = {"camvid": (360, 480), "cityscapes": (512, 1024)}


def define_data_flags() -> None:
    """Defines which labelled frames a command reads, and at what size."""
    flags.DEFINE_enum("dataset", "camvid", list(CLASS_LISTS), "Which data set.")
    flags.DEFINE_string("dataset_dir", None, "The data set's folder.")
    flags.mark_flag_as_required("dataset_dir")


def define_size_flags() -> None:
    """Defines the size of a network in training."""
    text = "of the network in pixels, a multiple of 8. Default: 480x360 for "
    text += "CamVid, 1024x512 for Cityscapes."
    flags.DEFINE_integer("height", None, f"Height {text}", lower_bound=8)
    flags.DEFINE_integer("width", None, f"Width {text}", lower_bound=8)


def network_size() -> tuple[int, int]:
    """Height and width: the flags', else the data set's.

    Raises:
        UserError: If a side is no multiple of 8.
    """
    values = flags.FLAGS
    height, width = SIZES[values.dataset]
    size = (values.height or height, values.width or width)
    for name, side in zip(("height", "width"), size, strict=True):
        if side % 8:
            raise UserError(
                f"--{name}={side}: must be a multiple of 8, such as "
                f"{side // 8 * 8}"
            )
    return size
