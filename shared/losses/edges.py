"""Where a photo's border begins: the map that weighs errors near the edge."""

import numpy as np


def edge_falloff(height, width):
    """Returns a map that is 1 on the border and falls to 0 inside.

    A row at distance d from the nearest horizontal edge keeps the share
    (1 - cos(4 pi d / height)) / 2 while d < floor(height / 4), and all of it
    further in; columns likewise with the width. The map is 1 minus the
    product of the two shares, so a quarter of each side is raised. Both
    edges are treated alike: the original map pairs row 1 with row -1, which
    leaves the last row and column a step weaker than the first.

    Args:
        height: Rows, at least 1.
        width: Columns, at least 1.

    Returns:
        [height, width] float32 array in [0, 1].

    Raises:
        ValueError: If a side is unknown or smaller than 1.
    """
    if not (height and width and height >= 1 and width >= 1):
        raise ValueError(
            "`height` and `width` must be known and at least 1. "
            f"Received: height={height}, width={width}"
        )
    kept = np.outer(_kept_share(height), _kept_share(width))
    return (1.0 - kept).astype("float32")


def _kept_share(size):
    index = np.arange(size)
    distance = np.minimum(index, size - 1 - index)
    ramp = (1.0 - np.cos(4.0 * np.pi * distance / size)) / 2.0
    return np.where(distance < size // 4, ramp, 1.0)
