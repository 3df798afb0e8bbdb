"""What the players see, as picture strips for a person who watches."""

import numpy as np
from keras import ops

from shared.training import sync_weights
from stegastamp.distortions import distort
from stegastamp.schedule import KNOBS


def training_strips(game, images, secrets) -> dict[str, np.ndarray]:
    """Shows one batch on its way through the game.

    Args:
        game: A `StampGame`; its random state is left as it was.
        images: [N, H, W, 3] in [0, 1].
        secrets: [N, secret_size] of 0 and 1.

    Returns:
        One uint8 strip [rows * H, N * W, 3] named `players`: photo, stamped
        photo, residual (gray is 0, five times its size), damaged photo and,
        where there is a critic, its heat map.
    """
    sync_weights(game)
    random_state = ops.copy(game.seed_generator.state.value)
    images, secrets = map(ops.convert_to_tensor, (images, secrets))
    stamped, framed = game.stamp(images, secrets, training=False)
    levels = {knob: game.level(knob) for knob in KNOBS}
    damaged = distort(framed, levels, game.rules.damage, game.seed_generator)
    rows = [images, stamped, 0.5 + 5.0 * (stamped - images), damaged]
    if game.critic:
        heat = game.critic(stamped, training=False)
        low, high = ops.min(heat), ops.max(heat)
        heat = (heat - low) / ops.maximum(high - low, 1e-6)
        heat = ops.image.resize(heat, images.shape[1:3], "nearest")
        rows.append(ops.repeat(heat, 3, axis=-1))
    game.seed_generator.state.assign(random_state)
    strips = [np.concatenate(ops.convert_to_numpy(row), axis=1) for row in rows]
    strip = np.clip(np.concatenate(strips, axis=0), 0.0, 1.0)
    return {"players": np.round(strip * 255).astype(np.uint8)}
