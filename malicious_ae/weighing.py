"""Class weights of a training: from its labels, or from a file."""

import json
from pathlib import Path

import numpy as np

from shared.errors import UserError
from shared.segmentation.class_weights import ClassFrequencies


def read_class_weights(path, count: int) -> np.ndarray:
    """Reads weights from a JSON list.

    Args:
        path: The file.
        count: Number of classes.

    Returns:
        float32 [count].

    Raises:
        UserError: If it is no such list, or of another class count.
    """
    try:
        weights = np.array(json.loads(Path(path).read_text("utf-8")), "f")
    except (OSError, TypeError, ValueError) as error:
        raise UserError(
            f"--class_weights: {path}: no JSON list of numbers: {error}"
        ) from error
    if weights.shape != (count,):
        raise UserError(
            f"--class_weights: {path} holds {weights.size} weights for "
            f"{count} classes; give one for each"
        )
    return weights


def class_weights(frames, weighing, ignored, path=None) -> np.ndarray:
    """The weights of a training's loss, 0 for ignored classes.

    Args:
        frames: `data.Frames`; all of their labels are counted.
        weighing: One of `shared.segmentation.class_weights.WEIGHINGS`.
        ignored: Classes that do not count.
        path: JSON file of weights, instead of counting.

    Returns:
        float32 [classes].

    Raises:
        UserError: See `read_class_weights`, and of a bad frame.
    """
    if path:
        weights = read_class_weights(path, frames.classes.count)
        weights[list(ignored)] = 0.0
        return weights
    frequencies = ClassFrequencies(frames.classes.count)
    for _, labels in frames:
        frequencies.add(labels)
    return frequencies.weights(weighing, ignored)
