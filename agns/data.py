"""Batches of faces and of frames, each a function of seed and step."""

import cv2
import numpy as np

from agns.frames import load_mask, wear
from agns.people import load_faces
from shared.ranges import levels_to_signed, unit_to_levels
from shared.training.batches import StepBatches


class FaceBatches(StepBatches):
    """Batches of (faces, people, weights) to train a recogniser on.

    Args:
        people: list of Person; their training photos are read.
        size: Side of a face in pixels.
        low: Least value of the range, up to 1.
        batch_size: Faces a step.
        seed: Seed of order and augmentation.
        first_step: The step of the first batch.
        photos_each: Photos of one person that come together (triplets need
            at least two); 1 draws every photo once an epoch.
        augment: Whether to turn, move, scale, mirror, relight and partly
            cover the faces.
        glasses: Optional uint8 [K, 64, 176, 3] frames which half of the faces
            wear (the defence).

    Attributes:
        steps: Batches an epoch, which is about one look at each photo.
    """

    def __init__(
        self,
        people,
        size,
        low,
        batch_size,
        seed,
        first_step=0,
        photos_each=1,
        augment=True,
        glasses=None,
    ):
        self.faces = [load_faces(person.train) for person in people]
        self.size = size
        self.low = low
        self.batch_size = batch_size
        self.photos_each = photos_each
        self.augment = augment
        self.glasses = glasses
        self.mask = load_mask()
        counts = np.array([len(faces) for faces in self.faces])
        self.index = [
            (person, photo)
            for person, count in enumerate(counts)
            for photo in range(count)
        ]
        # Balanced: each person weighs the same, one on average.
        self.weights = counts.sum() / (len(counts) * counts)
        steps = -(-len(self.index) // batch_size)
        super().__init__(steps, seed, first_step)

    def _picks(self, step):
        epoch, index = divmod(step, self.steps)
        if self.photos_each == 1:
            order = self.random(epoch).permutation(len(self.index))
            # The last batch is filled up from the front.
            places = np.arange(self.batch_size) + index * self.batch_size
            return [self.index[i] for i in order[places % len(order)]]
        random = self.random(epoch, index)
        count = self.batch_size // self.photos_each
        people = random.choice(
            len(self.faces), count, replace=count > len(self.faces)
        )
        return [
            (person, photo)
            for person in people
            for photo in random.choice(
                len(self.faces[person]),
                self.photos_each,
                replace=self.photos_each > len(self.faces[person]),
            )
        ]

    def make(self, step):
        picks = self._picks(step)
        random = self.random(step, 1)
        faces = [self._view(self.faces[p][i], random) for p, i in picks]
        labels = np.array([person for person, _ in picks])
        faces = np.stack(faces).astype(np.float32)
        scale = np.float32((1.0 - self.low) / 255.0)
        return (
            faces * scale + np.float32(self.low),
            labels.astype("int32"),
            self.weights[labels].astype("float32"),
        )

    def _view(self, face, random):
        if self.glasses is not None and random.random() < 0.5:
            pair = self.glasses[random.integers(len(self.glasses))]
            pair = levels_to_signed(pair[None])
            worn = wear(pair, face[None].astype(np.float32) / 255, self.mask)
            face = unit_to_levels(worn[0])
        if not self.augment:
            size = (self.size, self.size)
            return cv2.resize(face, size, interpolation=cv2.INTER_LINEAR)
        return _augment(face, self.size, random)


def _augment(face, size, random):
    """A face as another photo might show it: uint8 [size, size, 3]."""
    angle = np.deg2rad(random.normal(0, 6))
    zoom = size / len(face) * np.exp(random.normal(0, 0.06))
    turn = zoom * np.array(
        [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    )
    if random.random() < 0.5:
        turn[:, 0] *= -1
    shift = size * (0.5 + random.normal(0, 0.025, 2)) - 0.5
    middle = np.full(2, (len(face) - 1) / 2)
    matrix = np.column_stack([turn, shift - turn @ middle])
    face = cv2.warpAffine(
        face,
        matrix,
        (size, size),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    ).astype(np.float32)
    # Light: contrast, brightness, the colour of the lamp, no colour at all.
    gain = np.exp(random.normal(0, 0.15)) * np.exp(random.normal(0, 0.05, 3))
    face = (face - 128) * gain + 128 + random.normal(0, 20)
    if random.random() < 0.1:
        face[:] = face.mean(axis=2, keepdims=True)
    if random.random() < 0.3:
        face = cv2.GaussianBlur(face, (0, 0), random.uniform(0.3, 1.2))
    if random.random() < 0.3:
        # Something in front of it, so that no single feature decides.
        high, wide = (size * random.uniform(0.1, 0.4, 2)).astype(int)
        top, left = random.integers(0, [size - high, size - wide])
        face[top : top + high, left : left + wide] = random.uniform(0, 255, 3)
    return np.clip(np.rint(face), 0, 255).astype(np.uint8)


class FrameBatches(StepBatches):
    """Batches of frames to train the eyeglass generator on.

    Args:
        frames: uint8 [N, 64, 176, 3].
        batch_size: Frames a step.
        seed: Seed of the order.
        first_step: The step of the first batch.
    """

    def __init__(self, frames, batch_size, seed, first_step=0):
        # About one look at each frame.
        super().__init__(max(1, len(frames) // batch_size), seed, first_step)
        self.frames = frames
        self.batch_size = batch_size

    def make(self, step):
        picks = self.random(step).choice(
            len(self.frames),
            self.batch_size,
            replace=self.batch_size > len(self.frames),
        )
        return levels_to_signed(self.frames[picks])
