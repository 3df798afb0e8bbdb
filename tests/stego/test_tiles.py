"""Tiles are cut and pasted where they belong."""

import numpy as np

from stego.tiles import count_tiles, cut_tiles, paste_tiles


def test_tiles_are_cut_and_pasted_row_by_row(pixels):
    assert count_tiles(192, 256, 32) == 48
    assert count_tiles(63, 31, 32) == 0
    tiles = cut_tiles(pixels, 32, [0, 9, 47])
    np.testing.assert_array_equal(tiles[1], pixels[32:64, 32:64])
    np.testing.assert_array_equal(tiles[2], pixels[160:, 224:])
    canvas = np.zeros_like(pixels)
    paste_tiles(canvas, tiles, [0, 9, 47])
    np.testing.assert_array_equal(canvas[160:, 224:], pixels[160:, 224:])
    assert canvas[32:64, :32].max() == 0
