"""The reference's answers, and how near ours must be."""

from pathlib import Path

import numpy as np
from keras import ops

GOLDENS = Path(__file__).parent / "goldens"


def golden(name):
    """The arrays of one file by their names."""
    with np.load(GOLDENS / f"{name}.npz") as arrays:
        return dict(arrays)


def close(ours, theirs, atol=1e-4):
    """Fails where ours are not theirs, but for rounding."""
    np.testing.assert_allclose(
        ops.convert_to_numpy(ours), theirs, rtol=1e-4, atol=atol
    )


def features(*shape, scale=1.0):
    """Normal numbers, the same at each call."""
    random = np.random.default_rng(3)
    return (scale * random.normal(size=shape)).astype("float32")


def load_units(layer, arrays, prefix, names):
    """Gives a module of convolutions the reference's weights.

    Args:
        layer: Built module with `paths` of units.
        arrays: Of a golden.
        prefix: Of the names of its arrays.
        names: By unit, what the reference calls its convolution and its norm.
    """
    for unit in [unit for path in layer.paths for unit in path]:
        if unit.name in names:
            convolution, norm = names[unit.name]
            parts = [f"{convolution}.{part}" for part in ("kernel", "bias")]
            parts += [
                f"{norm}.{part}"
                for part in ("gamma", "beta", "moving_mean", "moving_variance")
            ]
            unit.set_weights([arrays[f"{prefix}.{part}"] for part in parts])
