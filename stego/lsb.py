"""The baseline: a message in the least significant bits of random values."""

import numpy as np


def replace_lsb(pixels, bits_per_pixel, rng):
    """Replaces the last bits of some values by random ones.

    Args:
        pixels: uint8 [N, H, W, C].
        bits_per_pixel: float, payload; at most C.
        rng: numpy.random.Generator; chooses values and bits, as a key would.

    Returns:
        a changed copy: round(bits_per_pixel * H * W) values of each image
        carry a bit, half of which were right already.

    Raises:
        ValueError: for a payload that does not fit.
    """
    count, height, width, channels = pixels.shape
    if not 0 < bits_per_pixel <= channels:
        raise ValueError(
            f"the payload must be above 0 and at most {channels} bits per "
            f"pixel. Received: {bits_per_pixel}"
        )
    used = round(bits_per_pixel * height * width)
    result = pixels.reshape(count, -1).copy()
    for row in result:
        places = rng.permutation(len(row))[:used]
        bits = rng.integers(0, 2, used, dtype=np.uint8)
        row[places] = (row[places] & 0xFE) | bits
    return result.reshape(pixels.shape)
