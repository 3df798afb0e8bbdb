"""Trains the classifier in whose features samples are judged.

    python -m dcgan.train_classifier --dataset mnist --data_dir mnist.npz \\
        --run_dir runs/classifier

It learns the train part only, states its accuracy on the test part, and is
written as ONNX (TensorFlow backend), which is what `dcgan.evaluate` and
`dcgan.train` use.
"""

from pathlib import Path

import keras
import numpy as np
from absl import flags
from keras import layers

import shared.outputs
from dcgan import data_flags
from dcgan.batches import ImageBatches
from dcgan.datasets import DATASETS, SPLITS, load_images
from dcgan.features import CLASSIFIER, Classifier
from shared.command import no_arguments, run_main
from shared.errors import UserError
from shared.export import export_onnx
from shared.images import make_directory
from shared.ranges import levels_to_signed
from shared.training import (
    RunOptions,
    Setting,
    Settings,
    fit_run,
    resume,
    sync_weights,
)

FEATURES = 64
SETTINGS = Settings(
    {
        "batch_size": Setting("Images a step.", 64, low=1),
        "epochs": Setting("Passes over the images.", 6, low=1, resumable=True),
        "learning_rate": Setting(
            "Of Adam; falls to a tenth.", 1e-3, resumable=True
        ),
    }
)


def define_flags(values=flags.FLAGS) -> None:
    """Defines the command's flags."""
    RunOptions.define_flags(values)
    data_flags.define_flags(
        "What to tell apart.",
        [
            name
            for name, record in DATASETS.items()
            if record.class_names and record.has_test
        ],
        values,
    )
    shared.outputs.define_save_dir(
        "Where the ONNX file goes. Default: --run_dir.", "output_dir", values
    )
    shared.outputs.define_flags(values)
    SETTINGS.define_flags(values)


def build_classifier(shape=(28, 28, 1), classes: int = 10) -> keras.Model:
    """Builds a small convolutional classifier: 220,234 weights for MNIST.

    Args:
        shape: Height, width and channels of an image.
        classes: How many there are to tell apart.

    Input shape:
        `image` [N, *shape] in [-1, 1].

    Output shape:
        A dict of float32: `features` [N, 64] (the last hidden layer, after
        its ReLU) and `probabilities` [N, classes].
    """
    image = keras.Input(shape, name="image")
    x = image
    for filters in (32, 64):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Dropout(0.3)(layers.Flatten()(x))
    x = layers.Dense(FEATURES, activation="relu")(x)
    features = layers.Activation("linear", dtype="float32", name="features")(x)
    x = layers.Dropout(0.3)(features)
    x = layers.Dense(classes)(x)
    probabilities = layers.Softmax(dtype="float32", name="probabilities")(x)
    return keras.Model(
        image,
        {"features": features, "probabilities": probabilities},
        name="classifier",
    )


def train(
    options: RunOptions,
    settings: dict,
    train_set,
    test_set,
    *,
    dataset="mnist",
    save_dir=None,
) -> Classifier:
    """Trains to the last pass; a run that was stopped goes on.

    Args:
        options: How the training is run.
        settings: What is learned: `SETTINGS.choose(epochs=2)`.
        train_set: `dcgan.data.ImageSet` with labels, which is learned.
        test_set: Images of the same classes, on which the accuracy is stated.
        dataset: Name of the data set; `DATASETS` need not have it.
        save_dir: Where the ONNX file goes; None means the run directory.

    Returns:
        The classifier as it was written, for `dcgan.train.train`;
        `metadata["test_accuracy"]` is what it reaches.

    Raises:
        UserError: If the run directory holds a run of other settings, there
            are fewer images than a batch, or the backend is not TensorFlow.
        ValueError: If the sets have no classes, or do not fit each other.
    """
    check_backend()
    forms = [(s.pixels.shape[1:], s.class_names) for s in (train_set, test_set)]
    unlabelled = train_set.labels is None or test_set.labels is None
    if unlabelled or not forms[0][1] or forms[0] != forms[1]:
        raise ValueError(
            "`train_set` and `test_set` must have labels, and the same classes "
            f"and shape. Received: {forms[0]} and {forms[1]}"
        )
    batch_size = settings["batch_size"]
    if len(train_set) < batch_size:
        raise UserError(
            f"--batch_size: {batch_size} is more than the {len(train_set)} "
            "images"
        )
    options.open_run(SETTINGS, settings, dataset=dataset, images=len(train_set))
    path = Path(save_dir or options.run_dir) / CLASSIFIER
    make_directory(path.parent)
    network = _fit(options, settings, train_set)
    facts = {
        "role": "classifier",
        "dataset": dataset,
        "class_names": list(train_set.class_names),
        "test_images": len(test_set),
    }
    # What ships is measured as it ships.
    judge = _export(network, path, test_set, facts, options.threads)
    right = judge.judge(test_set.pixels).classes == test_set.labels
    facts["test_accuracy"] = float(np.mean(right))
    return _export(network, path, test_set, facts, options.threads)


def check_backend() -> None:
    """Raises UserError where the classifier could not be written."""
    if keras.backend.backend() != "tensorflow":
        raise UserError(
            "KERAS_BACKEND: the classifier is written as ONNX, which needs "
            "tensorflow"
        )


def _fit(options, settings, images) -> keras.Model:
    """The trained network in float32."""
    per_pass = len(images) // settings["batch_size"]
    steps = settings["epochs"] * per_pass
    form = (images.pixels.shape[1:], len(images.class_names))
    keras.utils.set_random_seed(options.seed)
    with options.policy(), options.scope():
        network = build_classifier(*form)
        model = keras.Model(network.input, network.output["probabilities"])
        rate = keras.optimizers.schedules.CosineDecay(
            settings["learning_rate"], steps, alpha=0.1
        )
        model.compile(
            keras.optimizers.Adam(rate),
            "sparse_categorical_crossentropy",
            metrics=["accuracy"],
            **options.compiling,
        )
    before = resume(model, options.run_dir)
    fit_run(
        model,
        ImageBatches(
            images.pixels,
            settings["batch_size"],
            per_pass,
            options.seed,
            before["step"],
            images.labels,
        ),
        options,
        steps=steps,
        steps_per_epoch=per_pass,
        first_step=before["step"],
        exports={"classifier": network},
    )
    sync_weights(model)
    trained = build_classifier(*form)
    trained.set_weights(network.get_weights())
    return trained


def _export(network, path, test_set, facts, threads) -> Classifier:
    examples = {"image": levels_to_signed(test_set.pixels[:3])}
    export_onnx(network, path, {"dcgan": facts}, examples=examples)
    return Classifier(path, threads)


def main(arguments, values=flags.FLAGS) -> None:
    """Runs the command."""
    no_arguments(arguments)
    options = RunOptions.from_flags(values)
    settings = SETTINGS.from_flags(values)
    path = Path(values.save_dir or options.run_dir) / CLASSIFIER
    if values.save_dir:
        shared.outputs.refuse_existing(path, values.overwrite)
    options.limit_threads()
    check_backend()
    train_set, test_set = (
        load_images(values.dataset, values.data_dir, split) for split in SPLITS
    )
    classifier = train(
        options,
        settings,
        train_set,
        test_set,
        dataset=values.dataset,
        save_dir=values.save_dir,
    )
    print(
        f"{path}: test accuracy {classifier.metadata['test_accuracy']:.4f} on "
        f"{len(test_set)} images ({values.dataset})"
    )


if __name__ == "__main__":
    define_flags()
    run_main(main)
