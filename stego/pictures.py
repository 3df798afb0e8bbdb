"""What the players see, as picture strips for a person who watches."""

import numpy as np
from keras import ops

from shared.ranges import signed_to_levels
from shared.training import sync_weights


def training_strips(game, covers, messages) -> dict[str, np.ndarray]:
    """Shows one batch on its way through the game.

    Args:
        game: A `StegoGame`.
        covers: [N, s, s, 3] in [-1, 1].
        messages: [N, msg_len] of -.5 and .5.

    Returns:
        One uint8 strip [3 * s, N * s, 3] named `players`: covers, stego
        images, and their difference (gray is 0, ten times its size).
    """
    sync_weights(game)
    covers, messages = map(ops.convert_to_tensor, (covers, messages))
    stegos = game.hide(covers, messages, training=False)
    rows = [covers, stegos, 10.0 * (stegos - covers)]
    strips = [np.concatenate(ops.convert_to_numpy(row), axis=1) for row in rows]
    strip = np.concatenate(strips, axis=0)
    return {"players": signed_to_levels(strip)}
