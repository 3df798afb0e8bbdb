"""Batches of real images for training."""

from shared.ranges import levels_to_signed
from shared.training.batches import StepBatches


class ImageBatches(StepBatches):
    """Shuffled batches: images [N, H, W, C] in [-1, 1], and labels if given.

    Every pass over the images has its own order, which depends on the seed
    and the number of the pass only. A remainder smaller than a batch is left
    for the next pass's order.

    Args:
        pixels: uint8 [N, H, W, C].
        batch_size: Images a step.
        steps: Steps between reports, an "epoch" of `fit`.
        seed: Seed of the order.
        first_step: The step of the first batch.
        labels: Integers [N], or None.

    Raises:
        ValueError: If there are fewer images than a batch holds.
    """

    def __init__(
        self, pixels, batch_size, steps, seed, first_step=0, labels=None
    ):
        super().__init__(steps, seed, first_step)
        if len(pixels) < batch_size:
            raise ValueError(
                f"{len(pixels)} images are fewer than a batch of {batch_size}"
            )
        self.pixels = pixels
        self.labels = labels
        self.batch_size = batch_size
        self.steps_per_pass = len(pixels) // batch_size
        self._order = (-1, None)

    def make(self, step):
        number, place = divmod(step, self.steps_per_pass)
        current, order = self._order
        if current != number:
            order = self.random(number).permutation(len(self.pixels))
            self._order = (number, order)
        start = place * self.batch_size
        picks = order[start : start + self.batch_size]
        images = levels_to_signed(self.pixels[picks])
        if self.labels is None:
            return (images,)
        return images, self.labels[picks]
