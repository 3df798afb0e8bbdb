"""Many small images as one picture, and pictures as an animation."""

import io
import math

import numpy as np
from PIL import Image

from shared.images import Photo, encode_photo, write_bytes

BACKGROUND = 255


def image_grid(images, columns=None, margin=2, scale=1):
    """Lays images out in rows, on white.

    Args:
        images: uint8 [N, H, W], [N, H, W, 1] or [N, H, W, 3].
        columns: Images a row. Default: as many as rows, or one more.
        margin: Pixels around and between images, before `scale`.
        scale: Whole number by which pixels are repeated.

    Returns:
        uint8 [H', W', 3] RGB.

    Raises:
        ValueError: If there is no image, or `images` is not as described.
    """
    images = np.asarray(images)
    if images.ndim == 3:
        images = images[..., None]
    if (
        images.ndim != 4
        or not len(images)
        or images.shape[-1] not in (1, 3)
        or images.dtype != np.uint8
    ):
        raise ValueError(
            "`images` must be uint8 [N, H, W, 1 or 3], N > 0. Received: "
            f"{images.dtype} {images.shape}"
        )
    count, height, width, _ = images.shape
    columns = columns or math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    sheet = np.full(
        (
            rows * (height + margin) + margin,
            columns * (width + margin) + margin,
            3,
        ),
        BACKGROUND,
        np.uint8,
    )
    for index, image in enumerate(images):
        top = margin + (index // columns) * (height + margin)
        left = margin + (index % columns) * (width + margin)
        sheet[top : top + height, left : left + width] = image
    return sheet.repeat(scale, axis=0).repeat(scale, axis=1)


def write_png(path, picture, overwrite=False):
    """Writes a uint8 RGB picture [H, W, 3] as PNG, whole or not at all.

    Raises:
        UserError: naming the file, if it exists or cannot be written.
    """
    write_bytes(path, encode_photo(Photo(picture), ".png"), overwrite)


def write_gif(
    path,
    frames,
    milliseconds=150,
    last_milliseconds=2000,
    overwrite=False,
):
    """Writes an endless animation, whole or not at all.

    Args:
        path: File to write.
        frames: uint8 [H, W, 3] RGB pictures of one size.
        milliseconds: How long a frame is shown.
        last_milliseconds: How long the last one is shown.
        overwrite: Whether a file that is there is replaced.

    Raises:
        ValueError: If there is no frame.
        UserError: naming the file, if it exists or cannot be written.
    """
    if not len(frames):
        raise ValueError("an animation needs at least one frame")
    first, *rest = [Image.fromarray(frame) for frame in frames]
    buffer = io.BytesIO()
    first.save(
        buffer,
        "GIF",
        save_all=True,
        append_images=rest,
        duration=[milliseconds] * len(rest) + [last_milliseconds],
        loop=0,
    )
    write_bytes(path, buffer.getvalue(), overwrite)
