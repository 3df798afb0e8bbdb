"""Per-class IoU as JSON values and as text."""

import math

from malicious_ae.classes import ClassList
from shared.errors import UserError
from shared.segmentation.confusion import Confusion
from shared.text import warn


def iou_summary(confusion: Confusion, classes: ClassList) -> dict:
    """The numbers of a confusion matrix, as JSON holds them.

    Returns:
        `miou` and `pixel_accuracy` in [0, 1], and `iou` by class name, None
        for a class that is ignored or does not occur.
    """
    return {
        "miou": confusion.mean_iou(),
        "pixel_accuracy": confusion.accuracy(),
        "iou": {
            name: None if math.isnan(value) else float(value)
            for name, value in zip(classes.names, confusion.iou(), strict=True)
        },
    }


def check_occurring(confusion: Confusion, classes: ClassList) -> None:
    """Warns of labels in which most classes never occur.

    Label maps of other classes, with values that happen to be known, would be
    measured as these.

    Args:
        confusion: Of all frames measured.
        classes: What was counted.

    Raises:
        UserError: If no pixel counted.
    """
    occurring = confusion.considered().sum(1) > 0
    if not occurring.any():
        raise UserError(
            "all pixels of these frames are unlabelled; there is nothing to "
            "measure"
        )
    names = [
        n for n, there in zip(classes.names, occurring, strict=True) if there
    ]
    counted = classes.count - len(confusion.ignored)
    if len(names) < counted / 2:
        warn(
            f"only {len(names)} of {counted} classes occur in the labels "
            f"({', '.join(names)}); if they mean others, say so in a file for "
            "--classes"
        )


def iou_table(summary: dict, after: dict | None = None) -> str:
    """Percent by class, one line each; with `after`, before and after."""
    lines = []
    for name, value in summary["iou"].items():
        cells = [value] if after is None else [value, after["iou"][name]]
        if all(cell is None for cell in cells):
            continue
        lines.append((name, cells))
    lines.append(
        ("mean", [summary["miou"]] + ([after["miou"]] if after else []))
    )
    return "\n".join(
        f"{name:15}"
        + "".join(
            "      -" if cell is None else f"{100 * cell:7.2f}"
            for cell in cells
        )
        for name, cells in lines
    )
