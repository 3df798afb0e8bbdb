"""What an attack is made of: photos, batches, the check, the control."""

import dataclasses
from pathlib import Path

import keras
import numpy as np

from agns.marks import MarksNotFound, find_green_marks, photo_to_canvas
from agns.models import answers
from agns.networks import CODE_SIZE
from agns.people import load_faces, read_person
from shared.errors import UserError
from shared.training import sync_weights
from shared.training.batches import StepBatches

# The reference's: as good as unknown, and more than nine times in ten.
DEFAULT_STOP = {"dodging": 0.01, "impersonation": 0.924}
PAIRS = 16


@dataclasses.dataclass(frozen=True)
class Photos:
    """An attacker's photos.

    Attributes:
        train: float32 [N, 224, 224, 3] in [0, 1], to attack with.
        test: [M, ...], held out.
        train_warps, test_warps: [N, 3, 3] and [M, 3, 3], from a pixel of the
            photo to the canvas of the glasses; None if glasses lie in place.
    """

    train: np.ndarray
    test: np.ndarray
    train_warps: np.ndarray | None = None
    test_warps: np.ndarray | None = None

    def first(self, count: int) -> "Photos":
        """The same with at most so many held-out photos."""
        warps = self.test_warps
        return dataclasses.replace(
            self,
            test=self.test[:count],
            test_warps=None if warps is None else warps[:count],
        )


def load_attackers_photos(folder, physical=False) -> Photos:
    """Reads an attacker's aligned photos and divides them.

    Args:
        folder: The photos, 224 x 224 pixels each; the division is that of
            `agns.people`, so a recogniser's held-out photos are held out. Of
            marked photos a third is.
        physical: Whether frames with green marks are worn in them.

    Raises:
        UserError: if the folder has fewer than two photos, one has another
            size, or one shows fewer than seven marks.
    """
    # Marked photos are few: two of six are held out.
    person = read_person(Path(folder), 1 / 3 if physical else 0.2)
    parts = [
        load_faces(paths, exact=True).astype(np.float32) / 255.0
        for paths in (person.train, person.test)
    ]
    if not physical:
        return Photos(*parts)
    warps = [_find_warps(paths) for paths in (person.train, person.test)]
    return Photos(*parts, *warps)


def _find_warps(paths):
    warps = []
    for path, face in zip(paths, load_faces(paths), strict=True):
        try:
            warps.append(photo_to_canvas(find_green_marks(face)))
        except (MarksNotFound, ValueError) as error:
            raise UserError(f"{path}: {error}") from error
    return np.stack(warps).astype(np.float32)


class AttackBatches(StepBatches):
    """Batches of (real frames, faces, and warps if there are any).

    Args:
        frames: uint8 [K, 64, 176, 3].
        photos: Photos, of which those to attack with are shown.
        batch_size: Glasses a step; each meets a face of its own.
        steps: Batches an epoch.
        seed: Seed of the draws.
        first_step: The step of the first batch.
    """

    def __init__(self, frames, photos, batch_size, steps, seed, first_step=0):
        super().__init__(steps, seed, first_step)
        self.frames = frames
        self.photos = photos
        self.batch_size = batch_size

    def make(self, step):
        random = self.random(step)
        real = random.integers(len(self.frames), size=self.batch_size)
        # Every photo before any again, as far as the batch reaches.
        faces = np.resize(
            random.permutation(len(self.photos.train)), self.batch_size
        )
        batch = (
            self.frames[real].astype(np.float32) / 127.5 - 1.0,
            self.photos.train[faces],
        )
        if self.photos.train_warps is not None:
            batch += (self.photos.train_warps[faces],)
        return batch


def mean_probabilities(wearing, glasses, photos, person):
    """One person's mean probability over held-out photos, for each pair.

    Args:
        wearing: What `build_wearing` makes.
        glasses: [K, 64, 176, 3] in [-1, 1].
        photos: Photos.
        person: The class.

    Returns:
        [K] float.
    """
    count = len(photos.test)
    means = []
    # Few pairs at a time: each comes with a copy of every photo.
    for start in range(0, len(glasses), PAIRS):
        pairs = glasses[start : start + PAIRS]
        inputs = [np.repeat(pairs, count, axis=0)]
        for part in (photos.test, photos.test_warps):
            if part is not None:
                inputs.append(np.concatenate([part] * len(pairs)))
        found = _softmax(answers(wearing, inputs))[:, person]
        means += list(found.reshape(len(pairs), count).mean(axis=1))
    return np.array(means)


def _softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


class Check(keras.callbacks.Callback):
    """Looks every epoch whether a pair of glasses does what is wanted.

    Args:
        generator: The attack's generator.
        wearing: What `build_wearing` makes, in float32.
        photos: Photos; the held-out ones decide.
        person: The class.
        kind: "dodging" or "impersonation".
        stop: Mean probability at which the attack has succeeded.
        seed: Seed of the sixteen codes.

    Attributes:
        probability: The best mean probability of the last look.
        glasses: [64, 176, 3] in [-1, 1], the pair that has it.
        succeeded: Whether it is enough.
    """

    def __init__(self, generator, wearing, photos, person, kind, stop, seed):
        super().__init__()
        self.generator = generator
        self.wearing = wearing
        self.photos = photos
        self.person = person
        self.kind = kind
        self.stop = stop
        random = np.random.default_rng([seed, 1])
        self.codes = random.normal(size=(PAIRS, CODE_SIZE)).astype("float32")
        self.probability = float("nan")
        self.glasses = None
        self.succeeded = False

    def look(self) -> None:
        """Measures the sixteen pairs and keeps the best."""
        pairs = answers(self.generator, self.codes)
        found = mean_probabilities(
            self.wearing, pairs, self.photos, self.person
        )
        dodging = self.kind == "dodging"
        best = found.argmin() if dodging else found.argmax()
        self.probability = float(found[best])
        self.glasses = pairs[best]
        self.succeeded = bool(
            found[best] <= self.stop if dodging else found[best] >= self.stop
        )

    def on_epoch_end(self, epoch, logs=None):
        sync_weights(self.model)
        self.look()
        logs["held_out_probability"] = self.probability
        if self.succeeded:
            self.model.stop_training = True
