"""Three judges of whether a message can be seen, none of which cheats.

Each judge gets covers and stego images of some photos to learn from, and is
asked about other photos. Only the first of them was in the game.
"""

import dataclasses

import numpy as np

from shared.measures.roc import auc, auc_interval, roc_curve
from shared.ranges import levels_to_signed
from stego.features import extract_features
from stego.tiles import cut_tiles

JUDGES = ("eve", "features", "cnn")


class EveJudge:
    """The Eve that Alice learned to fool; it learns nothing any more.

    Args:
        eve: `stego.api.Network` of Eve.
    """

    def __init__(self, eve):
        self.eve = eve

    def fit(self, covers, stegos):
        """Does nothing: Eve is judged as the game left her."""

    def score(self, images):
        """[N], greater is more like stego: the mean over an image's tiles."""
        size = self.eve.output_size
        per_image = (images.shape[1] // size) * (images.shape[2] // size)
        tiles = np.concatenate(
            [cut_tiles(image, size, np.arange(per_image)) for image in images]
        )
        inputs = levels_to_signed(tiles)
        logits = self.eve.run(image=inputs)
        return -logits.reshape(len(images), per_image).mean(axis=1)


class FeatureJudge:
    """Residual co-occurrences and a linear classifier (Fisher's, shrunk)."""

    def fit(self, covers, stegos):
        """Learns from covers and their stego images, uint8 [N, s, s, 3]."""
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

        features = extract_features(np.concatenate([covers, stegos]))
        # A square root evens out histograms, whose tails carry the signal.
        features = np.sqrt(features)
        self.mean, self.scale = features.mean(0), features.std(0) + 1e-9
        labels = np.repeat([0, 1], [len(covers), len(stegos)])
        self.classifier = LinearDiscriminantAnalysis("lsqr", shrinkage="auto")
        self.classifier.fit((features - self.mean) / self.scale, labels)

    def score(self, images):
        """[N], greater is more like stego."""
        features = np.sqrt(extract_features(images))
        return self.classifier.decision_function(
            (features - self.mean) / self.scale
        )


class CnnJudge:
    """A fresh convolutional steganalyser; needs Keras.

    Args:
        steps: Steps of its training.
        seed: Of its training.
    """

    def __init__(self, steps=600, seed=0):
        self.steps, self.seed = steps, seed

    def fit(self, covers, stegos):
        """Learns from covers and their stego images, uint8 [N, s, s, 3]."""
        # Only here: the other judges need no training framework.
        from stego import steganalyser

        self.network = steganalyser.train_steganalyser(
            covers, stegos, self.steps, seed=self.seed
        )

    def score(self, images):
        """[N], greater is more like stego."""
        from stego import steganalyser

        return steganalyser.score(self.network, images)


@dataclasses.dataclass(frozen=True)
class Verdict:
    """How well a judge tells stego images from covers.

    Attributes:
        area, low, high: float, AUC with its 95 % interval, photos being
            drawn as a whole.
        false, true: float [T], the ROC curve.
    """

    area: float
    low: float
    high: float
    false: np.ndarray
    true: np.ndarray


def judge(player, covers, stegos, photos, learns, seed=0):
    """Lets a judge learn from some photos and asks it about the others.

    Args:
        player: one of the judges above.
        covers, stegos: uint8 [N, s, s, 3], in the same order.
        photos: int [N], the photo each was cut from.
        learns: bool [N], which may be learned from; no photo may be on both
            sides.
        seed: of the interval.

    Returns:
        Verdict on those that were not learned from.

    Raises:
        ValueError: if a photo is on both sides.
    """
    if set(photos[learns]) & set(photos[~learns]):
        raise ValueError("a photo is both learned from and judged")
    player.fit(covers[learns], stegos[learns])
    asked = ~learns
    scores = np.concatenate(
        [player.score(covers[asked]), player.score(stegos[asked])]
    )
    labels = np.repeat([0, 1], asked.sum())
    groups = np.tile(photos[asked], 2)
    false, true, _ = roc_curve(scores, labels)
    low, high = auc_interval(scores, labels, groups, seed=seed)
    return Verdict(auc(scores, labels), low, high, false, true)
