"""Photos and random secrets, as the encoder and decoder train on them."""

import cv2
import numpy as np

from shared.photo_folders import load_folders
from shared.training.batches import StepBatches

# Photos are kept in memory at this many times the network's size: random
# crops stay sharp, and a few thousand photos fit on a laptop.
MEMORY_SCALE = 1.6


def load_photos(images_dirs, height: int, width: int) -> list[np.ndarray]:
    """Reads folders of photos, shrunk for the crops of training.

    Args:
        images_dirs: Folders, searched recursively.
        height: Network height in pixels.
        width: Network width in pixels.

    Returns:
        uint8 RGB arrays [h, w, 3]; each keeps its aspect ratio.

    Raises:
        UserError: If a folder or photo cannot be read, or there is none.
    """

    def shrink(photo):
        factor = MEMORY_SCALE * max(
            height / photo.shape[0], width / photo.shape[1]
        )
        if factor >= 1:
            return photo
        return cv2.resize(
            photo, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA
        )

    return load_folders(images_dirs, prepare=shrink)


class PhotoBatches(StepBatches):
    """Batches of (photo, secret).

    While `one_batch` is true every step shows the same photos, with fresh
    secrets.

    Args:
        photos: uint8 RGB arrays.
        height: Network height in pixels.
        width: Network width in pixels.
        secret_size: Number of bits.
        batch_size: Photos a step.
        steps: Steps an epoch.
        seed: Seed of crops and secrets.
        first_step: The step of the first batch.
    """

    def __init__(
        self,
        photos,
        height,
        width,
        secret_size,
        batch_size,
        steps,
        seed,
        first_step=0,
    ):
        super().__init__(steps, seed, first_step)
        self.photos = photos
        self.size = (width, height)
        self.secret_size = secret_size
        self.batch_size = batch_size
        self.one_batch = False

    def make(self, step):
        random = self.random(step)
        secrets = random.integers(0, 2, (self.batch_size, self.secret_size))
        if self.one_batch:
            random = self.random()
        picks = random.integers(0, len(self.photos), self.batch_size)
        images = np.stack([self._view(self.photos[p], random) for p in picks])
        return (
            images.astype("float32") / 255.0,
            secrets.astype("float32"),
        )

    def _view(self, photo, random):
        """A random part of the photo, any aspect, at the network's size."""
        height, width = photo.shape[:2]
        rows = int(height * random.uniform(0.7, 1.0))
        columns = int(width * random.uniform(0.7, 1.0))
        top = random.integers(0, height - rows + 1)
        left = random.integers(0, width - columns + 1)
        view = photo[top : top + rows, left : left + columns]
        view = cv2.resize(view, self.size, interpolation=cv2.INTER_AREA)
        return view[:, ::-1] if random.random() < 0.5 else view
