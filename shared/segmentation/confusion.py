"""Confusion matrix and intersection over union, in numpy."""

import numpy as np


class Confusion:
    """Counts how often each class is read as which.

    Args:
        classes: Number of classes.
        ignored: Classes whose row and column do not count, such as the
            unlabelled one.

    Raises:
        ValueError: If an ignored class is none of them.
    """

    def __init__(self, classes: int, ignored=()):
        if not all(0 <= index < classes for index in ignored):
            raise ValueError(
                f"`ignored` must name classes 0 to {classes - 1}. "
                f"Received: {tuple(ignored)}"
            )
        self.classes = classes
        self.ignored = tuple(ignored)
        self.counts = np.zeros((classes, classes), np.int64)

    def add(self, labels, predictions) -> None:
        """Counts one or more label maps.

        Args:
            labels: Integers, true classes.
            predictions: Integers of the same shape, classes read.

        Raises:
            ValueError: If the shapes differ or a value is no class.
        """
        labels = np.asarray(labels).ravel().astype(np.int64)
        predictions = np.asarray(predictions).ravel().astype(np.int64)
        if labels.shape != predictions.shape:
            raise ValueError(
                "`labels` and `predictions` must have one shape. Received: "
                f"{labels.size} and {predictions.size} values"
            )
        for name, values in (
            ("labels", labels),
            ("predictions", predictions),
        ):
            if values.size and not (
                0 <= values.min() and values.max() < self.classes
            ):
                raise ValueError(
                    f"`{name}` must be 0 to {self.classes - 1}. Received: "
                    f"{values.min()} to {values.max()}"
                )
        pairs = labels * self.classes + predictions
        self.counts += np.bincount(pairs, minlength=self.classes**2).reshape(
            self.classes, self.classes
        )

    def considered(self) -> np.ndarray:
        """The matrix without ignored classes: int64, rows are the truth."""
        counts = self.counts.copy()
        for index in self.ignored:
            counts[index, :] = 0
            counts[:, index] = 0
        return counts

    def iou(self) -> np.ndarray:
        """Intersection over union of each class.

        Returns:
            float64 [classes] in [0, 1]; NaN where a class is ignored, or
            neither occurs nor is read.
        """
        counts = self.considered()
        hits = np.diag(counts).astype(np.float64)
        union = counts.sum(0) + counts.sum(1) - hits
        return np.divide(
            hits, union, out=np.full(self.classes, np.nan), where=union > 0
        )

    def mean_iou(self) -> float:
        """Mean over the classes that have an IoU; NaN if none has."""
        values = self.iou()
        values = values[~np.isnan(values)]
        return float(values.mean()) if values.size else float("nan")

    def accuracy(self) -> float:
        """Share of considered pixels that are read right; NaN without any."""
        counts = self.considered()
        total = counts.sum()
        return float(np.trace(counts) / total) if total else float("nan")

    def read_as(self, source: int, target: int | None = None) -> float:
        """Share of one class's pixels that are read as another.

        Args:
            source: The true class.
            target: The class read; None means any but the true one.

        Returns:
            In [0, 1]; NaN if the class does not occur or is ignored.
        """
        row = self.considered()[source]
        hits = row.sum() - row[source] if target is None else row[target]
        return float(hits / row.sum()) if row.sum() else float("nan")
