"""Judges generators: quality, coverage and copying, each beside its floor.

    python -m dcgan.evaluate --dataset mnist --data_dir mnist.npz \\
        --save_dir report

Several `--model` stand side by side in one table. For MNIST and Fashion-MNIST
the eye is a classifier of the data set, so the Frechet distance is called FCD;
it is no FID, which is defined in an Inception network that saw photographs.
For colour images `--inception` names an ONNX file of that network, and the
distances are FID and KID proper. The floor is what the data set itself gets: a
set of as many other training images in place of the samples.
"""

from itertools import chain

import numpy as np
from absl import flags

import shared.report_files
from dcgan import api, data_flags
from dcgan.datasets import DATASETS, SPLITS, load_images
from dcgan.features import (
    Classifier,
    Inception,
    class_statistics,
    shipped_classifier,
)
from dcgan.metrics import (
    frechet_distance,
    kernel_distance,
    nearest_neighbours,
    precision_recall,
)
from dcgan.report import picture_names, write_report
from shared.command import no_arguments, run_main
from shared.errors import UserError
from shared.images import make_directory
from shared.outputs import check_report_dir, define_save_dir
from shared.recipe import make_recipe
from shared.report_files import narrator, print_report
from shared.text import say, warn

# Precision and recall compare all pairs.
MOST_PAIRED = 5000
MOST_NEIGHBOURS = 1000
FLOOR = "real images (floor)"


def define_flags(values=flags.FLAGS):
    """Defines the command's flags."""
    api.runtime.define_flags(values)
    flags.DEFINE_multi_string(
        "model",
        None,
        "Trained model: a name under dcgan/weights, or a directory with "
        "generator.onnx; may be given several times. Default: --dataset.",
        flag_values=values,
    )
    data_flags.define_flags(
        "What the models have learned.",
        list(DATASETS),
        values,
    )
    flags.DEFINE_integer(
        "crop_size",
        0,
        "The --crop_size of the training, for photos.",
        flag_values=values,
    )
    flags.DEFINE_bool(
        "mixed_sizes",
        False,
        "Allow a folder of images of several sizes.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "classifier",
        None,
        "Classifier (.onnx) of the data set. Default: the one that ships.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "inception",
        None,
        "ONNX file of an Inception network, for FID: images "
        "[N, 299, 299, 3] or [N, 3, 299, 299] in [-1, 1] to features.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "count", 10_000, "Samples, and real images.", flag_values=values
    )
    flags.DEFINE_integer("seed", 0, "Seed of the samples.", flag_values=values)
    define_save_dir(
        "Directory for the report; made if it is missing.",
        "report_dir",
        values,
    )
    shared.report_files.define_flags(values)


def quality(judged, reference) -> dict:
    """Measures a set of images in the features of a judge.

    Args:
        judged: `dcgan.features.Judgement` of N images.
        reference: That of as many real ones.

    Returns:
        Row of the report: `frechet`, `kernel` and its `kernel_std`,
        `precision`, `recall`; with classes also `class_statistics`.
    """
    mean, std = kernel_distance(judged.features, reference.features)
    precision, recall = precision_recall(
        reference.features[:MOST_PAIRED], judged.features[:MOST_PAIRED]
    )
    row = {
        "frechet": frechet_distance(judged.features, reference.features),
        "kernel": mean,
        "kernel_std": std,
        "precision": precision,
        "recall": recall,
    }
    if judged.probabilities is not None:
        row |= class_statistics(judged, judged.probabilities.shape[1])
    return row


def copying(images, train) -> tuple[dict, np.ndarray]:
    """Measures how near images come to the images that were learned.

    Args:
        images: uint8 [N, H, W, C]; the first `MOST_NEIGHBOURS` are taken.
        train: uint8 [M, H, W, C].

    Returns:
        Row of the report: `neighbour_median` and `neighbour_low` (first
        percentile) of the distance to the nearest training image, root mean
        squared in levels of 0 to 255; and the index of that image for each.
    """
    index, distances = nearest_neighbours(images[:MOST_NEIGHBOURS], train)
    return {
        "neighbour_median": float(np.median(distances)),
        "neighbour_low": float(np.percentile(distances, 1)),
    }, index


def find_judge(values):
    """The classifier or Inception network that the flags name, or None."""
    if values.inception:
        return Inception(values.inception, values.threads)
    if values.classifier:
        return Classifier(values.classifier, values.threads)
    shipped = shipped_classifier(values.dataset)
    if shipped.exists():
        return Classifier(shipped, values.threads)
    if DATASETS[values.dataset].class_names:
        warn(
            f"no classifier of {values.dataset} ships, so only copying is "
            "measured; python -m dcgan.train_classifier trains one for "
            "--classifier"
        )
    return None


def read_sets(values, channels):
    """The training images, and images to take as unseen ones: an ImageSet each.

    Of a set without a test part a tenth is taken, which the models may have
    seen.
    """
    if DATASETS[values.dataset].has_test:
        return [
            load_images(values.dataset, values.data_dir, split)
            for split in SPLITS
        ]
    images = load_images(
        values.dataset,
        values.data_dir,
        channels=channels,
        crop_size=values.crop_size,
        mixed_sizes=values.mixed_sizes,
    )
    order = np.random.default_rng(0).permutation(len(images))
    return [images, images.take(order[: max(1, len(images) // 10)])]


def _recipe(networks, values):
    """How the report is made again; one of the networks may be None."""
    files = [network.path for network in networks if network]
    recipe = make_recipe("dcgan.evaluate", files, values)
    # Reports had these beside the command before they had "versions".
    first = ("python", "numpy", "onnxruntime")
    return recipe | {name: recipe["versions"][name] for name in first}


def main(arguments, values=flags.FLAGS):
    """Runs the command."""
    no_arguments(arguments)
    if not values.save_dir:
        raise UserError("--save_dir is missing: where should it go?")
    for name, least in (("count", 10), ("seed", 0)):
        if values[name].value < least:
            raise UserError(
                f"--{name}={values[name].value}: must be at least {least}"
            )
    models = values.model or [values.dataset]
    generators = {
        name: api.Generator(name, values.threads, values.provider)
        for name in models
    }
    judge = find_judge(values)
    shapes = {
        (g.metadata["size"], g.metadata["channels"])
        for g in generators.values()
    }
    sets = read_sets(values, shapes.copy().pop()[1])
    train, unseen = (images.pixels for images in sets)
    if shapes != {(train.shape[1], train.shape[3])}:
        raise UserError(
            f"--model: draws images of (pixels, channels) {sorted(shapes)}, "
            f"the data set has {(train.shape[1], train.shape[3])}"
        )
    if isinstance(judge, Classifier):
        judge.check_fits(sets[0])
    names = ["report.md", *chain(*picture_names(generators).values())]
    check_report_dir(values.save_dir, names, "dcgan.evaluate")
    make_directory(values.save_dir)

    # Two sets of real images that share none: reference and floor.
    count = min(values.count, len(train) // 2)
    order = np.random.default_rng(values.seed).permutation(len(train))
    reference, other = train[order[:count]], train[order[count : 2 * count]]
    rows, pictures = [], {}
    known = judge and judge.judge(reference)
    for name, generator in generators.items():
        latents = generator.latents(count, values.seed)
        images = generator.draw(latents)
        nearness, index = copying(images, train)
        row = {}
        if judge:
            judged = judge.judge(images)
            row = quality(judged, known)
            if generator.space.classes and judged.probabilities is not None:
                asked = generator.space.labels(latents)
                row["as_asked"] = float(np.mean(judged.classes == asked))
        rows.append({"name": name} | row | nearness)
        pictures[name] = (images[:100], train[index[:16]])
        say(f"{name}: measured on {count} samples", file=narrator(values))
    row = quality(judge.judge(other), known) if judge else {}
    # Of test images, not of training ones: those are their own neighbours.
    rows.append({"name": FLOOR} | row | copying(unseen, train)[0])

    results = {
        "rows": rows,
        "count": count,
        "paired": min(count, MOST_PAIRED),
        "neighbours": min(count, MOST_NEIGHBOURS),
        "seed": values.seed,
        "dataset": values.dataset,
        "distance": judge.distance_name if judge else None,
        "judge": judge.describe() if judge else None,
        "recipe": _recipe([*generators.values(), judge], values),
    }
    written = write_report(values.save_dir, results, pictures)
    print_report(results, written, values)


if __name__ == "__main__":
    define_flags()
    run_main(main)
