"""Flags that several commands of this package have."""

from absl import flags

from malicious_ae.classes import CLASS_LISTS, ClassList, read_classes
from shared.errors import UserError

SIZES = {"camvid": (360, 480), "cityscapes": (512, 1024)}


def define_data_flags(values=flags.FLAGS, required=True) -> None:
    """Defines which labelled frames a command reads.

    Args:
        values: Where the flags are defined.
        required: Whether it cannot do without --dataset_dir.
    """
    flags.DEFINE_enum(
        "dataset",
        "camvid",
        list(CLASS_LISTS),
        "How the folder is laid out: camvid has photos in SPLIT and label "
        "maps in SPLITannot, cityscapes leftImg8bit and gtFine.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "classes",
        None,
        "What the label maps mean: a JSON file of names, colours and ids, or "
        "camvid_32, the original CamVid's colours, or cityscapes_train_ids. "
        "Default: the classes of --dataset.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "dataset_dir", None, "The data set's folder.", flag_values=values
    )
    if required:
        flags.mark_flag_as_required("dataset_dir", values)


def data_classes(values=flags.FLAGS) -> tuple[ClassList, str]:
    """The classes of the data, and the flag that names them, for errors.

    Raises:
        UserError: If --classes is no class list.
    """
    if values.classes:
        return read_classes(values.classes), f"--classes={values.classes}"
    return CLASS_LISTS[values.dataset], f"--dataset={values.dataset}"


def define_size_flags(values=flags.FLAGS) -> None:
    """Defines the size of a network in training."""
    text = "of the network in pixels, a multiple of 8. Default: 480x360 for "
    text += "CamVid, 1024x512 for Cityscapes."
    for name in ("height", "width"):
        flags.DEFINE_integer(
            name,
            None,
            f"{name.capitalize()} {text}",
            lower_bound=8,
            flag_values=values,
        )


def network_size(values=flags.FLAGS) -> tuple[int, int]:
    """Height and width: the flags', else the data set's.

    Raises:
        UserError: If a side is no multiple of 8.
    """
    height, width = SIZES[values.dataset]
    size = (values.height or height, values.width or width)
    for name, side in zip(("height", "width"), size, strict=True):
        if side % 8:
            raise UserError(
                f"--{name}={side}: must be a multiple of 8, such as "
                f"{side // 8 * 8}"
            )
    return size
