"""Photos cut to tiles, and random messages, as the players meet them."""

import cv2
import numpy as np

from shared.errors import check_choice
from shared.ranges import levels_to_signed
from shared.training.batches import StepBatches

CROPS = ("center", "random")
# CelebA's faces fill the middle 108 pixels of the published crops.
CENTER = 108
# The largest random crop, in sides of the tile it becomes.
FARTHEST = 4.0
# Shares of random tiles made gray or flat: photos have few of either, and a
# person may well send one.
GRAY, FLAT = 0.1, 0.05


def center_tile(photo, size: int) -> np.ndarray:
    """The middle of a photo, as the paper cuts faces, at the tile's size.

    Args:
        photo: uint8 [h, w, 3].
        size: Side of the tile in pixels.

    Returns:
        uint8 [size, size, 3]: the middle 108 x 108 pixels, or the largest
        square of a smaller photo, shrunk by area.
    """
    height, width = photo.shape[:2]
    side = min(height, width, CENTER)
    top, left = (height - side) // 2, (width - side) // 2
    return _resize(photo[top : top + side, left : left + side], size)


def random_tile(photo, size: int, random) -> np.ndarray:
    """A random square of a photo, near or far, at the tile's size.

    Args:
        photo: uint8 [h, w, 3].
        size: Side of the tile in pixels.
        random: numpy.random.Generator.

    Returns:
        uint8 [size, size, 3]. One in four is cut at the photo's own scale,
        as tiles of a photo are; the others are shrunk, which takes the
        traces of JPEG away.
    """
    height, width = photo.shape[:2]
    scale = 1.0
    if random.random() >= 0.25:
        scale = random.uniform(1.0, FARTHEST)
    side = min(height, width, round(size * scale))
    top = random.integers(0, height - side + 1)
    left = random.integers(0, width - side + 1)
    tile = _resize(photo[top : top + side, left : left + side], size)
    return tile[:, ::-1] if random.random() < 0.5 else tile


def flat_tile(size: int, random) -> np.ndarray:
    """A tile of one colour, often saturated: uint8 [size, size, 3]."""
    color = random.integers(0, 256, 3)
    if random.random() < 0.5:
        color = 255 * (color > 127)
    return np.broadcast_to(color, (size, size, 3)).astype(np.uint8)


def _resize(square, size):
    if square.shape[0] == size:
        return square
    return cv2.resize(square, (size, size), interpolation=cv2.INTER_AREA)


class TileBatches(StepBatches):
    """Batches of (cover, message).

    Args:
        photos: uint8 RGB arrays.
        size: Side of a tile in pixels.
        msg_len: Bits of a message.
        batch_size: Tiles a step.
        crop: `center` takes the middle of each photo, as the paper does;
            `random` any part at any scale, with some tiles gray or flat.
        steps: Steps an epoch.
        seed: Seed of tiles and messages.
        first_step: The step of the first batch.

    Raises:
        ValueError: For an unknown crop.
    """

    def __init__(
        self,
        photos,
        size,
        msg_len,
        batch_size,
        crop,
        steps,
        seed,
        first_step=0,
    ):
        super().__init__(steps, seed, first_step)
        check_choice("crop", crop, CROPS)
        if crop == "center":
            photos = [center_tile(photo, size) for photo in photos]
        self.photos = photos
        self.size = size
        self.msg_len = msg_len
        self.batch_size = batch_size
        self.crop = crop

    def make(self, step):
        random = self.random(step)
        bits = random.integers(0, 2, (self.batch_size, self.msg_len))
        picks = random.integers(0, len(self.photos), self.batch_size)
        tiles = np.stack([self._tile(self.photos[p], random) for p in picks])
        return levels_to_signed(tiles), bits.astype("float32") - np.float32(0.5)

    def _tile(self, photo, random):
        if self.crop == "center":
            return photo
        if random.random() < FLAT:
            return flat_tile(self.size, random)
        tile = random_tile(photo, self.size, random)
        if random.random() < GRAY:
            gray = cv2.cvtColor(tile, cv2.COLOR_RGB2GRAY)
            tile = cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB)
        return tile
