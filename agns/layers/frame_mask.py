"""The frame's mask, which layers keep among their weights."""

import keras
import numpy as np


def add_mask(layer: keras.layers.Layer, size: int, mask=None):
    """Gives a layer a mask as a weight that stands still.

    So it is saved with the layer.

    Args:
        layer: Layer under construction.
        size: int, side of the mask in pixels.
        mask: [size, size] in [0, 1], 1 on the frame. Default: ones, until
            weights are loaded.

    Returns:
        The variable, [size, size, 1].

    Raises:
        ValueError: if the mask has another size.
    """
    if mask is None:
        mask = np.ones((size, size), "float32")
    if np.shape(mask) != (size, size):
        raise ValueError(
            f"`mask` must be [{size}, {size}]. Received: shape={np.shape(mask)}"
        )
    variable = layer.add_weight(
        shape=(size, size, 1),
        initializer="zeros",
        trainable=False,
        name="mask",
    )
    variable.assign(np.asarray(mask, "float32")[..., None])
    return variable
