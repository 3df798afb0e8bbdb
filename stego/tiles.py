"""Photos as tiles of the networks' size, row by row from the top left."""

import numpy as np


def count_tiles(height, width, size):
    """Whole tiles of `size` pixels that a photo of these sides holds."""
    return (height // size) * (width // size)


def _corners(pixels, size, indices):
    rows, columns = np.divmod(np.asarray(indices), pixels.shape[1] // size)
    return zip(rows * size, columns * size, strict=True)


def cut_tiles(pixels, size, indices):
    """Copies tiles out of a photo.

    Args:
        pixels: [H, W, C].
        size: int, side of a tile in pixels.
        indices: int [n], below `count_tiles`.

    Returns:
        [n, size, size, C] of the same type.
    """
    return np.stack(
        [
            pixels[top : top + size, left : left + size]
            for top, left in _corners(pixels, size, indices)
        ]
    )


def paste_tiles(pixels, tiles, indices):
    """Puts tiles [n, size, size, C] back into a photo, in place."""
    size = tiles.shape[1]
    corners = _corners(pixels, size, indices)
    for tile, (top, left) in zip(tiles, corners, strict=True):
        pixels[top : top + size, left : left + size] = tile
