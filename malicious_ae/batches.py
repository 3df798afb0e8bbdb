"""Batches of frames for training, with augmentation."""

import dataclasses

import cv2
import numpy as np

from malicious_ae.data import resize_labels
from shared.training import StepBatches


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """How a training frame is varied; the default leaves it as it is.

    Attributes:
        flip: Mirror every second frame.
        scale_low: Least factor by which a frame is resized.
        scale_high: Greatest factor.
        photometric: Greatest change of brightness, contrast and saturation,
            as a share.
        color_cast: Greatest shift of each colour channel, as a share of the
            range.
    """

    flip: bool = False
    scale_low: float = 1.0
    scale_high: float = 1.0
    photometric: float = 0.0
    color_cast: float = 0.0

    def __post_init__(self):
        if not 0 < self.scale_low <= self.scale_high:
            raise ValueError(
                "need 0 < scale_low <= scale_high. Received: "
                f"{self.scale_low} and {self.scale_high}"
            )
        for name in ("photometric", "color_cast"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(
                    f"`{name}` must be in [0, 1). "
                    f"Received: {getattr(self, name)}"
                )


class FrameBatches(StepBatches):
    """Shuffled batches: in an epoch each frame is shown once.

    The frames that do not fill a batch are left out of an epoch; the shuffle
    leaves out others each time.

    Args:
        frames: Sequence of (uint8 [H, W, 3], uint8 [H, W]).
        height: Height of a batch in pixels: frames are cropped at random.
        width: Its width.
        batch_size: Frames a step.
        seed: Seed of order and augmentation.
        augmentation: How frames are varied.
        unlabeled: Class of pixels outside a frame that was shrunk.
        first_step: The step of the first batch.
        workers: Threads that make batches.

    Raises:
        ValueError: If there are fewer frames than `batch_size`.
    """

    def __init__(
        self,
        frames,
        height,
        width,
        batch_size,
        seed,
        augmentation,
        unlabeled,
        first_step=0,
        workers=1,
    ):
        if not 0 < batch_size <= len(frames):
            raise ValueError(
                f"`batch_size` must be 1 to {len(frames)}, the number of "
                f"frames. Received: {batch_size}"
            )
        super().__init__(len(frames) // batch_size, seed, first_step, workers)
        self.frames = frames
        self.size = (height, width)
        self.batch_size = batch_size
        self.augmentation = augmentation
        self.unlabeled = unlabeled

    def make(self, step):
        epoch, place = divmod(step, self.steps)
        order = self.random(epoch).permutation(len(self.frames))
        picks = order[place * self.batch_size :][: self.batch_size]
        random = self.random(epoch, place + 1)
        varied = [self._vary(*self.frames[int(i)], random) for i in picks]
        images, labels = zip(*varied, strict=True)
        return (
            np.stack(images).astype("float32") / 255.0,
            np.stack(labels).astype("int32"),
        )

    def _vary(self, image, labels, random):
        options = self.augmentation
        image, labels = self._view(image, labels, random)
        if options.flip and random.random() < 0.5:
            image, labels = (cv2.flip(x, 1) for x in (image, labels))
        if options.photometric or options.color_cast:
            image = _vary_light(image, options, random)
        return self._pad(image, labels)

    def _view(self, image, labels, random):
        """A random part of a resized frame: what shows is resized alone."""
        scale = random.uniform(
            self.augmentation.scale_low, self.augmentation.scale_high
        )
        sides = labels.shape
        shown = [
            min(side, round(wanted / scale))
            for side, wanted in zip(sides, self.size, strict=True)
        ]
        top, left = (
            int(random.integers(0, side - part + 1))
            for side, part in zip(sides, shown, strict=True)
        )
        place = slice(top, top + shown[0]), slice(left, left + shown[1])
        image, labels = image[place], labels[place]
        if scale == 1.0:
            return image, labels
        rows, columns = (
            min(wanted, round(part * scale))
            for wanted, part in zip(self.size, shown, strict=True)
        )
        image = cv2.resize(
            image,
            (columns, rows),
            interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR,
        )
        return image, resize_labels(labels, rows, columns)

    def _pad(self, image, labels):
        """Gives a frame that is too small a margin which weighs nothing."""
        missing = [
            wanted - side
            for wanted, side in zip(self.size, labels.shape, strict=True)
        ]
        if not any(missing):
            return image, labels
        margin = ((0, missing[0]), (0, missing[1]))
        return np.pad(image, (*margin, (0, 0))), np.pad(
            labels, margin, constant_values=np.uint8(self.unlabeled)
        )


def _vary_light(image, options, random):
    """Changes saturation, contrast, brightness and tint of a uint8 photo."""
    image = np.ascontiguousarray(image)
    amount = options.photometric
    saturation, contrast = 1 + random.uniform(-amount, amount, 2)
    brightness = random.uniform(-amount, amount) * 128
    if amount:
        gray = cv2.cvtColor(
            cv2.cvtColor(image, cv2.COLOR_RGB2GRAY),
            cv2.COLOR_GRAY2RGB,
        )
        image = cv2.addWeighted(image, saturation, gray, 1 - saturation, 0)
    cast = 255 * random.uniform(-options.color_cast, options.color_cast, 3)
    levels = np.arange(256)[:, np.newaxis]
    table = 128 + contrast * (levels - 128) + brightness + cast
    table = np.clip(np.rint(table), 0, 255).astype(np.uint8)
    return cv2.LUT(image, table[np.newaxis])
