"""A trained classifier of a data set, as the eye that judges samples."""

import dataclasses
from pathlib import Path

import numpy as np

from shared.errors import UserError
from shared.runtime import open_session, read_metadata

WEIGHTS = Path(__file__).parent / "weights"
CLASSIFIER = "classifier.onnx"
BATCH = 500


@dataclasses.dataclass(frozen=True)
class Judgement:
    """What the classifier says of N images.

    Attributes:
        features: float32 [N, F], before the last layer.
        probabilities: float32 [N, K].
    """

    features: np.ndarray
    probabilities: np.ndarray

    @property
    def classes(self):
        """int [N], the likeliest class."""
        return self.probabilities.argmax(axis=1)

    @property
    def confidence(self):
        """float [N], the probability of the likeliest class."""
        return self.probabilities.max(axis=1)


class Classifier:
    """A classifier on ONNX Runtime.

    Args:
        path: File that `dcgan.classifier` wrote.
        threads: Processor threads; 0 takes every core.

    Raises:
        UserError: If the file is missing or is no such classifier.
    """

    def __init__(self, path, threads=0):
        self.session = open_session(path, threads)
        self.metadata = read_metadata(self.session, "dcgan", path)
        if self.metadata.get("role") != "classifier":
            raise UserError(
                f"{path}: is a {self.metadata.get('role')}, not a classifier; "
                "python -m dcgan.classifier makes one"
            )

    @property
    def class_names(self) -> list[str]:
        """Names of the K classes."""
        return self.metadata["class_names"]

    def judge(self, images) -> Judgement:
        """Classifies images.

        Args:
            images: uint8 [N, 28, 28, 1].

        Returns:
            Judgement.

        Raises:
            ValueError: If the images are not as described.
        """
        images = np.asarray(images)
        if images.dtype != np.uint8 or images.shape[1:] != (28, 28, 1):
            raise ValueError(
                "`images` must be uint8 [N, 28, 28, 1]. Received: "
                f"{images.dtype} {images.shape}"
            )
        names = ["features", "probabilities"]
        parts = [
            self.session.run(
                names,
                {
                    "image": images[i : i + BATCH].astype(np.float32) / 127.5
                    - 1.0
                },
            )
            for i in range(0, len(images), BATCH)
        ]
        return Judgement(*(np.concatenate(p) for p in zip(*parts, strict=True)))


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
