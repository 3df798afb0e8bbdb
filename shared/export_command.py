"""What every export command does around its exporter."""

import logging as std_logging

from absl import logging

from shared.errors import UserError
from shared.export import ExportError
from shared.text import say

RANGE = "largest difference {:.1e} of its range"


def run_export(export, *arguments, show=True, measure=RANGE) -> None:
    """Runs an exporter, prints what it wrote, and how far off it is.

    Args:
        export: Callable of `arguments`, returning for each path written the
            difference of each output as a share.
        arguments: Of the exporter.
        show: Whether to print the differences beside the paths.
        measure: What the shares are, as a format of one number.

    Raises:
        UserError: If an export differs from the network it was made of.
    """
    # TensorFlow and tf2onnx tell every step of theirs; errors are raised.
    logging.set_verbosity(logging.WARNING)
    for name in ("tensorflow", "tf2onnx"):
        std_logging.getLogger(name).setLevel(std_logging.WARNING)
    try:
        differences = export(*arguments)
    except ExportError as error:
        raise UserError(str(error)) from error
    for path, outputs in differences.items():
        say(path)
        if show:
            for name, share in outputs.items():
                say(f"  {name}: {measure.format(share)}")
