"""Tables and pictures of how recognisers and attacks do.

Needs no training framework; matplotlib is imported when something is drawn.
"""

from pathlib import Path

import numpy as np


def accuracy_table(answers, labels, names):
    """How often a recogniser is right.

    Args:
        answers: [N, classes] probabilities.
        labels: [N] int, the right classes.
        names: The people, by class.

    Returns:
        dict of JSON values: `photos`, `right`, `accuracy`, the mean
        `true_probability`, and `people`, the share right of each.
    """
    right = answers.argmax(axis=1) == labels
    return {
        "photos": len(labels),
        "right": int(right.sum()),
        "accuracy": float(right.mean()),
        "true_probability": float(
            answers[np.arange(len(labels)), labels].mean()
        ),
        "people": {
            name: float(right[labels == index].mean())
            for index, name in enumerate(names)
            if (labels == index).any()
        },
    }


def confusion_matrix(answers, labels):
    """Counts [true, answered] of a recogniser's answers."""
    classes = answers.shape[1]
    counts = np.zeros((classes, classes), int)
    np.add.at(counts, (labels, answers.argmax(axis=1)), 1)
    return counts


def plot_confusion(answers, labels, names, folder):
    """Draws `confusion.png`: rows are true, columns answered people."""
    from matplotlib.figure import Figure

    counts = confusion_matrix(answers, labels)
    side = 3 + 0.17 * len(names)
    figure = Figure(figsize=(side, side), layout="constrained")
    axes = figure.subplots()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    image = axes.imshow(shares, cmap="viridis", vmin=0, vmax=1)
    spoken = [name.replace("_", " ") for name in names]
    axes.set_xticks(range(len(names)), spoken, rotation=90, fontsize=6)
    axes.set_yticks(range(len(names)), spoken, fontsize=6)
    axes.set_xlabel("answered")
    axes.set_ylabel("true")
    figure.colorbar(image, shrink=0.6, label="share of photos")
    figure.savefig(Path(folder) / "confusion.png", dpi=110)
