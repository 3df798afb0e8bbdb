"""Batches of frames for training, with augmentation."""

import dataclasses

import cv2
import keras
import numpy as np

from malicious_ae.data import resize_labels


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """How a training frame is varied; the default leaves it as it is.

    Attributes:
        flip: Mirror every second frame.
        scale_low: Least factor by which a frame is resized.
        scale_high: Greatest factor.
        photometric: Greatest change of brightness, contrast and saturation,
            as a share.
    """

    flip: bool = False
    scale_low: float = 1.0
    scale_high: float = 1.0
    photometric: float = 0.0

    def __post_init__(self):
        if not 0 < self.scale_low <= self.scale_high:
            raise ValueError(
                "need 0 < scale_low <= scale_high. Received: "
                f"{self.scale_low} and {self.scale_high}"
            )
        if not 0 <= self.photometric < 1:
            raise ValueError(
                f"`photometric` must be in [0, 1). Received: {self.photometric}"
            )


class FrameBatches(keras.utils.PyDataset):
    """Shuffled batches, each a pure function of seed, epoch and place.

    So a resumed training sees exactly what an uninterrupted one would have.
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
        first_epoch: The epoch of the first batch.
        workers: Threads that prepare batches.

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
        first_epoch=0,
        workers=1,
    ):
        super().__init__(workers=workers)
        if not 0 < batch_size <= len(frames):
            raise ValueError(
                f"`batch_size` must be 1 to {len(frames)}, the number of "
                f"frames. Received: {batch_size}"
            )
        self.frames = frames
        self.size = (height, width)
        self.batch_size = batch_size
        self.seed = seed
        self.augmentation = augmentation
        self.unlabeled = unlabeled
        self.epoch = first_epoch

    def __len__(self):
        return len(self.frames) // self.batch_size

    def on_epoch_end(self):
        self.epoch += 1

    def __getitem__(self, index):
        order = np.random.default_rng([self.seed, self.epoch]).permutation(
            len(self.frames)
        )
        picks = order[index * self.batch_size :][: self.batch_size]
        random = np.random.default_rng([self.seed, self.epoch, index + 1])
        varied = [self._vary(*self.frames[int(i)], random) for i in picks]
        images, labels = zip(*varied, strict=True)
        return (
            np.stack(images).astype("float32") / 255.0,
            np.stack(labels).astype("int32"),
        )

    def _vary(self, image, labels, random):
        options = self.augmentation
        scale = random.uniform(options.scale_low, options.scale_high)
        if scale != 1.0:
            rows, columns = (round(side * scale) for side in labels.shape)
            image = cv2.resize(
                image,
                (columns, rows),
                interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR,
            )
            labels = resize_labels(labels, rows, columns)
        image, labels = self._crop(image, labels, random)
        if options.flip and random.random() < 0.5:
            image, labels = (cv2.flip(x, 1) for x in (image, labels))
        if options.photometric:
            image = _vary_light(
                np.ascontiguousarray(image), options.photometric, random
            )
        return image, labels

    def _crop(self, image, labels, random):
        height, width = self.size
        missing = (
            max(0, height - labels.shape[0]),
            max(0, width - labels.shape[1]),
        )
        if any(missing):
            # A frame that shrank below the network's size gets a margin
            # which weighs nothing.
            margin = ((0, missing[0]), (0, missing[1]))
            image = np.pad(image, (*margin, (0, 0)))
            labels = np.pad(
                labels, margin, constant_values=np.uint8(self.unlabeled)
            )
        top = random.integers(0, labels.shape[0] - height + 1)
        left = random.integers(0, labels.shape[1] - width + 1)
        place = slice(top, top + height), slice(left, left + width)
        return image[place], labels[place]


def _vary_light(image, amount, random):
    """Changes saturation, contrast and brightness of a uint8 photo."""
    saturation, contrast = 1 + random.uniform(-amount, amount, 2)
    brightness = random.uniform(-amount, amount) * 128
    gray = cv2.cvtColor(
        cv2.cvtColor(image, cv2.COLOR_RGB2GRAY),
        cv2.COLOR_GRAY2RGB,
    )
    return cv2.addWeighted(
        image,
        saturation * contrast,
        gray,
        (1 - saturation) * contrast,
        128 * (1 - contrast) + brightness,
    )
