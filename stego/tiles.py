"""Photos as tiles of the networks' size, row by row from the top left."""

import hashlib

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


def digest(pixels, size, without):
    """Hash of a photo's colours, but for what hiding bits can change in tiles.

    Of the tiles `without` nothing counts in 8 bits, and the low bytes in 16.
    Gray is hashed as three equal channels, since a program may store the one
    as the other without a loss.

    Args:
        pixels: uint8 or uint16 [H, W, 1 or 3].
        size: int, side of a tile in pixels.
        without: int [n], tiles.

    Returns:
        bytes [32], BLAKE2b.
    """
    height, width = pixels.shape[:2]
    depth = pixels.dtype.itemsize
    kept = 0 if depth == 1 else 0xFF
    lefts = {}
    for top, left in _corners(pixels, size, without):
        lefts.setdefault(int(top), []).append(left)
    result = hashlib.blake2b(digest_size=32)
    result.update(b"%d %d %d " % (height, width, depth))
    # One row of tiles after the other: no copy of the whole photo is made.
    for top in range(0, height, size):
        rows = np.empty((*pixels[top : top + size].shape[:2], 3), f"<u{depth}")
        rows[:] = pixels[top : top + size]
        for left in lefts.get(top, ()):
            rows[:size, left : left + size] &= kept
        result.update(rows)
    return result.digest()
