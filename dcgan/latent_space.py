"""What generators draw from: normal or uniform numbers, and classes.

A conditional generator is told the class in its first numbers, one for each
class, of which one is not 0. So it is the same network as any other, and
whoever draws a latent draws a class with it.
"""

import dataclasses

import numpy as np


def class_codes(classes: int):
    """What tells a generator each class: float32 [classes, classes].

    One-hot rows times sqrt(classes), so that a number's mean square is 1, as
    it is in normal latents.
    """
    return np.float32(classes**0.5) * np.eye(classes, dtype=np.float32)


@dataclasses.dataclass(frozen=True)
class LatentSpace:
    """The latent space of a generator, and how latents are drawn from it.

    Attributes:
        size: Numbers of a latent.
        law: `normal` is N(0, 1), `uniform` is U(-1, 1).
        classes: Classes that the generator is told; 0 for none.
    """

    size: int
    law: str = "normal"
    classes: int = 0

    def draw(self, random, count: int, label: int | None = None):
        """Draws latents; the first k of a seed are the same for any count.

        Args:
            random: `numpy.random.Generator`.
            count: How many.
            label: The class of all of them; None draws each one's.

        Returns:
            float32 [count, size].

        Raises:
            ValueError: If there is no such class.
        """
        if label is not None and not 0 <= label < self.classes:
            known = f"0 to {self.classes - 1}" if self.classes else "None"
            raise ValueError(f"`label` must be {known}. Received: {label}")
        shape = (count, self.size)
        if self.law == "uniform":
            latents = random.uniform(-1.0, 1.0, shape).astype(np.float32)
        else:
            latents = random.normal(size=shape).astype(np.float32)
        if self.classes:
            # The largest of the numbers that make room is any of them.
            labels = self.labels(latents) if label is None else label
            latents[:, : self.classes] = class_codes(self.classes)[labels]
        return latents

    def labels(self, latents):
        """The classes that latents [N, size] tell: integers [N]."""
        return latents[:, : self.classes].argmax(axis=1)
