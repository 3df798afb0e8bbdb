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
from dcgan.batches import ImageBatches
from dcgan.datasets import LABELLED, load_images
from dcgan.features import CLASSIFIER, Classifier
from shared.errors import UserError, no_arguments, run_main
from shared.export import export_onnx
from shared.images import make_directory
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
    flags.DEFINE_enum(
        "dataset",
        "mnist",
        list(LABELLED),
        "What to tell apart.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "data_dir",
        None,
        "File or folder of the data set. Default: fetch it through "
        "TensorFlow Datasets.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "output_dir",
        None,
        "Where the ONNX file goes. Default: --run_dir.",
        flag_values=values,
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


def train(options: RunOptions, settings: dict, images, *, dataset="mnist"):
    """Trains to the last pass; a run that was stopped goes on.

    Args:
        options: How the training is run.
        settings: What is learned: `SETTINGS.choose(epochs=2)`.
        images: `dcgan.data.ImageSet` with labels.
        dataset: Name of the data set.

    Returns:
        The classifier in float32, a keras.Model.

    Raises:
        UserError: If the run directory holds a run of other settings, or
            there are fewer images than a batch.
    """
    batch_size = settings["batch_size"]
    if len(images) < batch_size:
        raise UserError(
            f"--batch_size: {batch_size} is more than the {len(images)} images"
        )
    per_pass = len(images) // batch_size
    steps = settings["epochs"] * per_pass
    options.open_run(SETTINGS, settings, dataset=dataset, images=len(images))
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
            batch_size,
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
    # What ships is measured as it ships.
    sync_weights(model)
    trained = build_classifier(*form)
    trained.set_weights(network.get_weights())
    return trained


def main(arguments, values=flags.FLAGS) -> None:
    """Runs the command."""
    no_arguments(arguments)
    options = RunOptions.from_flags(values)
    settings = SETTINGS.from_flags(values)
    output_dir = Path(values.output_dir or options.run_dir)
    path = output_dir / CLASSIFIER
    if values.output_dir:
        shared.outputs.refuse_existing(path, values.overwrite)
    options.limit_threads()
    if keras.backend.backend() != "tensorflow":
        raise UserError(
            "KERAS_BACKEND: the classifier is written as ONNX, which needs "
            "tensorflow"
        )
    images, test = (
        load_images(values.dataset, values.data_dir, split)
        for split in ("train", "test")
    )
    network = train(options, settings, images, dataset=values.dataset)
    make_directory(output_dir)
    facts = {
        "role": "classifier",
        "dataset": values.dataset,
        "class_names": list(images.class_names),
        "test_images": len(test),
    }
    accuracy = _export_and_test(network, path, test, facts, values.threads)
    facts["test_accuracy"] = accuracy
    _export_and_test(network, path, test, facts, values.threads)
    print(
        f"{path}: test accuracy {accuracy:.4f} on {len(test)} images "
        f"({values.dataset})"
    )


def _export_and_test(network, path, test, facts, threads) -> float:
    examples = {"image": test.pixels[:3].astype("float32") / 127.5 - 1.0}
    export_onnx(network, path, {"dcgan": facts}, examples=examples)
    judged = Classifier(path, threads).judge(test.pixels)
    return float(np.mean(judged.classes == test.labels))


if __name__ == "__main__":
    define_flags()
    run_main(main)
