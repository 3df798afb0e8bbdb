"""A trained classifier of a data set, as the eye that judges samples."""

import dataclasses
from pathlib import Path

import numpy as np

from shared.errors import UserError
from shared.images import resize_area
from shared.ranges import levels_to_signed
from shared.runtime import ExportedNetwork, open_session, run_session

WEIGHTS = Path(__file__).parent / "weights"
CLASSIFIER = "classifier.onnx"
BATCH = 500
INCEPTION_BATCH = 50


@dataclasses.dataclass(frozen=True)
class Judgement:
    """What the classifier says of N images.

    Attributes:
        features: float32 [N, F], before the last layer.
        probabilities: float32 [N, K], or None from a network that has no
            classes of the data set.
    """

    features: np.ndarray
    probabilities: np.ndarray | None = None

    @property
    def classes(self):
        """The likeliest class, int [N]."""
        return self.probabilities.argmax(axis=1)

    @property
    def confidence(self):
        """The probability of the likeliest class, float [N]."""
        return self.probabilities.max(axis=1)


class Classifier:
    """A classifier on ONNX Runtime.

    Args:
        path: File that `dcgan.train_classifier` wrote.
        threads: Processor threads; 0 takes every core.

    Raises:
        UserError: If the file is missing or is no such classifier.
    """

    distance_name = "FCD"

    def __init__(self, path, threads=0):
        self._network = ExportedNetwork(path, "dcgan", "classifier", threads)
        self.path = self._network.path
        self.metadata = self._network.metadata

    @property
    def class_names(self) -> list[str]:
        """Names of the K classes."""
        return self.metadata["class_names"]

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of the images that it judges."""
        return tuple(self._network.session.get_inputs()[0].shape[1:])

    def describe(self) -> str:
        """What the features are, in a sentence."""
        height, width, _ = self.shape
        facts = self.metadata
        return (
            f"Features: the last hidden layer of a classifier of "
            f"{facts['dataset']} at {width} x {height} pixels, without "
            f"resizing (test accuracy {facts['test_accuracy']:.4f} on "
            f"{facts['test_images']} images)."
        )

    def check_fits(self, images) -> None:
        """Checks that it was trained for such images as a data set's.

        Args:
            images: `dcgan.data.ImageSet`; its classes count if it has any.

        Raises:
            UserError: If it judges images of another shape, or tells other
                classes apart.
        """
        shape = images.pixels.shape[1:]
        if shape != self.shape:
            own, wanted = (
                " x ".join(map(str, sizes)) for sizes in (self.shape, shape)
            )
            raise UserError(
                f"--classifier: {self._network.path}: judges images of {own}, "
                f"the data set has {wanted}"
            )
        names = list(images.class_names)
        if names and names != self.class_names:
            raise UserError(
                f"--classifier: {self._network.path}: tells {self.classes} "
                f"classes apart ({', '.join(self.class_names[:3])}, ...), not "
                f"the data set's {len(names)} ({', '.join(names[:3])}, ...)"
            )

    def judge(self, images) -> Judgement:
        """Classifies images.

        Args:
            images: uint8 [N, *shape].

        Returns:
            Judgement.

        Raises:
            ValueError: If the images are not as described.
        """
        images = np.asarray(images)
        if images.dtype != np.uint8 or images.shape[1:] != self.shape:
            raise ValueError(
                f"`images` must be uint8 [N, {', '.join(map(str, self.shape))}]"
                f". Received: {images.dtype} {images.shape}"
            )
        network, names = self._network, ["features", "probabilities"]
        parts = []
        for i in range(0, len(images), BATCH):
            batch = levels_to_signed(images[i : i + BATCH])
            feed = {"image": batch}
            parts.append(
                run_session(network.session, network.path, feed, names)
            )
        return Judgement(*(np.concatenate(p) for p in zip(*parts, strict=True)))


class Inception:
    """A network of the user's own, whose features are FID's by his word.

    Args:
        path: ONNX file with one input of images, 299 pixels or any other
            square, channels first or last, in [-1, 1]; its first output is
            taken as features, flattened.
        threads: Processor threads; 0 takes every core.

    Raises:
        UserError: If the file is missing, or takes no images.
    """

    distance_name = "FID"

    def __init__(self, path, threads=0):
        self.path = path
        self.session = open_session(path, threads)
        self.input = self.session.get_inputs()[0]
        shape = self.input.shape
        self.channels_first = len(shape) == 4 and shape[1] == 3
        self.size = shape[2] if self.channels_first else shape[-2]
        if len(shape) != 4 or not isinstance(self.size, int):
            raise UserError(
                f"--inception: {path}: its input has the shape {shape}, not "
                "[N, size, size, 3] or [N, 3, size, size]"
            )

    def describe(self) -> str:
        """What the features are, in a sentence."""
        return (
            f"Features: first output of {Path(self.path).name} at "
            f"{self.size} x {self.size} pixels (resized bilinearly)."
        )

    def judge(self, images) -> Judgement:
        """Features of uint8 images [N, H, W, 1 or 3]; gray is repeated."""
        parts = []
        for start in range(0, len(images), INCEPTION_BATCH):
            batch = np.stack(
                [
                    resize_area(image, self.size, self.size)
                    for image in images[start : start + INCEPTION_BATCH]
                ]
            )
            batch = np.broadcast_to(batch, (*batch.shape[:3], 3))
            batch = levels_to_signed(batch)
            if self.channels_first:
                batch = batch.transpose(0, 3, 1, 2)
            feed = {self.input.name: batch}
            output = run_session(self.session, self.path, feed)[0]
            parts.append(output.reshape(len(batch), -1))
        return Judgement(np.concatenate(parts))


def shipped_classifier(dataset: str) -> Path:
    """Where the classifier of a data set ships; the file may be missing."""
    return WEIGHTS / f"classifier_{dataset}" / CLASSIFIER


def class_statistics(judgement: Judgement, classes: int) -> dict:
    """How a set of samples spreads over the classes.

    Returns:
        `class_coverage`, classes which at least .1 % of the samples fall in;
        `class_entropy` of their histogram in nats, at most log(classes);
        `confident`, share of samples with a probability above .9.
    """
    counts = np.bincount(judgement.classes, minlength=classes)
    shares = counts / counts.sum()
    present = shares[shares > 0]
    return {
        "class_coverage": int(np.sum(shares >= 1e-3)),
        "class_entropy": float(-np.sum(present * np.log(present))),
        "confident": float(np.mean(judgement.confidence > 0.9)),
    }
