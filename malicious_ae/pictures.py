"""Label maps as colours, overlays, legends and panels, in numpy and OpenCV."""

import cv2
import numpy as np

from shared.grids import image_grid
from shared.ranges import unit_to_levels

_FONT = cv2.FONT_HERSHEY_SIMPLEX


def colorize(labels, classes) -> np.ndarray:
    """Paints class indices [H, W] in their colours: uint8 RGB [H, W, 3]."""
    return classes.palette[labels]


def overlay(photo, labels, classes, opacity=0.5) -> np.ndarray:
    """Lays the classes' colours over a photo.

    Args:
        photo: uint8 [H, W, 3].
        labels: Class indices [H, W].
        classes: What they mean.
        opacity: 0 shows the photo only, 1 the colours only.

    Returns:
        uint8 [H, W, 3].
    """
    colors = colorize(labels, classes)
    return cv2.addWeighted(photo, 1.0 - opacity, colors, opacity, 0.0)


def legend(classes, width: int) -> np.ndarray:
    """Draws each class's colour and name: uint8 [h, width, 3]."""
    cell, row = 112, 22
    columns = max(1, width // cell)
    rows = -(-classes.count // columns)
    picture = np.full((rows * row, width, 3), 255, np.uint8)
    for index, (name, color) in enumerate(
        zip(classes.names, classes.colors, strict=True)
    ):
        top, left = index // columns * row, index % columns * cell
        cv2.rectangle(
            picture, (left + 4, top + 4), (left + 18, top + 18), color, -1
        )
        cv2.putText(
            picture,
            name,
            (left + 23, top + 16),
            _FONT,
            0.42,
            (0, 0, 0),
            1,
            cv2.LINE_AA,
        )
    return picture


def caption(picture, text: str) -> np.ndarray:
    """Writes one line above a picture: uint8 [h + 22, w, 3]."""
    bar = np.full((22, picture.shape[1], 3), 255, np.uint8)
    cv2.putText(bar, text, (4, 16), _FONT, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
    return np.concatenate([bar, picture])


def batch_picture(images, labels, classes) -> np.ndarray:
    """Lays a batch out in rows: each frame above its label map.

    Args:
        images: float [N, H, W, 3] in [0, 1].
        labels: Class indices [N, H, W].
        classes: What they mean.

    Returns:
        uint8 [h, w, 3].
    """
    levels = unit_to_levels(images)
    colors = colorize(np.asarray(labels), classes)
    return image_grid(np.concatenate([levels, colors], axis=1))


def panels(rows, classes, captions) -> np.ndarray:
    """Joins rows of pictures under captions, and a legend below them.

    Args:
        rows: List of lists of uint8 [H, W, 3], all of one size.
        classes: What the legend explains.
        captions: One a column.

    Returns:
        uint8 [h, w, 3].
    """
    gap = 4
    lines = []
    for number, row in enumerate(rows):
        if number == 0:
            row = [
                caption(picture, text)
                for picture, text in zip(row, captions, strict=True)
            ]
        spaced = [
            np.pad(p, ((0, gap), (0, gap), (0, 0)), constant_values=255)
            for p in row
        ]
        lines.append(np.concatenate(spaced, axis=1))
    body = np.concatenate(lines)
    return np.concatenate([body, legend(classes, body.shape[1])])
