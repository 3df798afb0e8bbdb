"""What a distortion of the chain is."""

import dataclasses
from collections.abc import Callable

import keras
from keras import ops

from shared.training.settings import Setting


@dataclasses.dataclass(frozen=True)
class Distortion:
    """One link of the chain between encoder and decoder.

    Attributes:
        settings: Setting by name: the flags, their help, and what a run had
            before there was such a setting. Values are the presets', or the
            setting's default where no preset names it.
        ramps: By knob, the setting that holds the steps of its rise in the
            paper's schedule; None for a knob that is at full strength from the
            start. A schedule gives each knob a level from 0 to 1.
        apply: Function of (images [N, H, W, 3] in [0, 1], levels by knob,
            settings by name, draw), returning images of the same shape. At
            level 0 it changes nothing but what rounding does.
        on: Function of the settings: whether it takes part at all.
    """

    settings: dict[str, Setting]
    ramps: dict[str, str | None]
    apply: Callable
    on: Callable = lambda settings: True


class Draw:
    """Random numbers for each image of a batch.

    Args:
        count: Images of the batch.
        seed: A `keras.random.SeedGenerator`.
    """

    def __init__(self, count, seed):
        self.count = count
        self.seed = seed

    def uniform(self, low, high, *shape):
        """[N, *shape] between `low` and `high`."""
        return keras.random.uniform(
            (self.count, *shape), low, high, seed=self.seed
        )

    def normal_like(self, images):
        """Of the shape of `images`, with a standard deviation of 1."""
        return keras.random.normal(ops.shape(images), seed=self.seed)

    def corner_offsets(self, height, width, share):
        """Corner shifts [N, 4, 2] in pixels, |shift| <= share * side."""
        unit = self.uniform(-1.0, 1.0, 4, 2)
        sides = ops.cast(ops.array([width, height]), unit.dtype)
        return unit * share * sides
