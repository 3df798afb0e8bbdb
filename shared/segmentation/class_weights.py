"""Weights that let rare classes count in a segmentation loss, in numpy."""

import numpy as np

from shared.errors import check_choice

WEIGHINGS = ("enet", "mfb", "none")


class ClassFrequencies:
    """Counts pixels of each class over label maps.

    Args:
        classes: Number of classes.
    """

    def __init__(self, classes: int):
        self.classes = classes
        self.pixels = np.zeros(classes, np.int64)
        self.pixels_where_present = np.zeros(classes, np.int64)
        self.total = 0

    def add(self, labels) -> None:
        """Counts one label map, or several that count as one.

        Raises:
            ValueError: If a value is no class.
        """
        labels = np.asarray(labels).ravel().astype(np.int64)
        counts = np.bincount(labels, minlength=self.classes)
        if len(counts) > self.classes:
            raise ValueError(
                f"`labels` must be 0 to {self.classes - 1}. "
                f"Received: {labels.max()}"
            )
        self.pixels += counts
        self.pixels_where_present += (counts > 0) * labels.size
        self.total += labels.size

    def enet(self, c: float = 1.02) -> np.ndarray:
        """1 / ln(c + p), with p the class's share of all pixels.

        Returns:
            float64 [classes]; 50.5 for a class that never occurs.

        Source: Paszke et al., section 5.1.
        """
        self._check_counted()
        return 1.0 / np.log(c + self.pixels / self.total)

    def median_frequency(self) -> np.ndarray:
        """Median of the frequencies over the class's own frequency.

        A frequency is the class's share of the pixels of the label maps in
        which it occurs. A class that never occurs weighs 0 and stays out of
        the median (in the reference it makes every weight NaN).

        Returns:
            float64 [classes].

        Source: Eigen and Fergus, arXiv:1411.4734, section 6.3.2.
        """
        self._check_counted()
        present = self.pixels > 0
        shares = self.pixels[present] / self.pixels_where_present[present]
        weights = np.zeros(self.classes)
        weights[present] = np.median(shares) / shares
        return weights

    def weights(self, weighing: str, ignored=()) -> np.ndarray:
        """The weights of a named rule, 0 for ignored classes.

        Args:
            weighing: One of `WEIGHINGS`.
            ignored: Classes that do not count.

        Returns:
            float32 [classes].

        Raises:
            ValueError: For an unknown rule.
        """
        check_choice("weighing", weighing, WEIGHINGS)
        weights = {
            "enet": self.enet,
            "mfb": self.median_frequency,
            "none": lambda: np.ones(self.classes),
        }[weighing]()
        weights[list(ignored)] = 0.0
        return weights.astype(np.float32)

    def _check_counted(self):
        if not self.total:
            raise ValueError("no label map has been counted")
