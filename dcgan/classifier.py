"""Trains the classifier in whose features samples are judged.

    python -m dcgan.classifier --dataset mnist --data_dir mnist.npz \\
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
from dcgan.data import CLASS_NAMES, LABELLED, load_images
from dcgan.features import CLASSIFIER, Classifier
from shared.errors import UserError, no_arguments, run_main
from shared.export import export_onnx
from shared.images import make_directory
from shared.training import RunOptions, fit_run, open_run, resume

FLAGS = flags.FLAGS
FEATURES = 64


def define_flags() -> None:
    """Defines the command's flags."""
    RunOptions.define_flags(leave_out=("steps_per_execution", "distribute"))
    flags.DEFINE_enum("dataset", "mnist", list(LABELLED), "What to tell apart.")
    flags.DEFINE_string(
        "data_dir",
        None,
        "File or folder of the data set. Default: fetch it through "
        "TensorFlow Datasets.",
    )
    flags.DEFINE_integer("batch_size", 64, "Images a step.", lower_bound=1)
    flags.DEFINE_integer("epochs", 6, "Passes over the images.", lower_bound=1)
    flags.DEFINE_float("learning_rate", 1e-3, "Of Adam; falls to a tenth.")
    flags.DEFINE_string(
        "output_dir", None, "Where the ONNX file goes. Default: --run_dir."
    )
    shared.outputs.define_flags()


def build_classifier() -> keras.Model:
    """Builds a small convolutional classifier, 220,234 weights.

    Input shape:
        `image` [N, 28, 28, 1] in [-1, 1].

    Output shape:
        A dict of float32: `features` [N, 64] (the last hidden layer, after
        its ReLU) and `probabilities` [N, 10].
    """
    image = keras.Input((28, 28, 1), name="image")
    x = image
    for filters in (32, 64):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Dropout(0.3)(layers.Flatten()(x))
    x = layers.Dense(FEATURES, activation="relu")(x)
    features = layers.Activation("linear", dtype="float32", name="features")(x)
    x = layers.Dropout(0.3)(features)
    x = layers.Dense(len(CLASS_NAMES["mnist"]))(x)
    probabilities = layers.Softmax(dtype="float32", name="probabilities")(x)
    return keras.Model(
        image,
        {"features": features, "probabilities": probabilities},
        name="classifier",
    )


def main(argv) -> None:
    """Runs the command."""
    no_arguments(argv)
    if FLAGS.output_dir:
        path = Path(FLAGS.output_dir) / CLASSIFIER
        shared.outputs.refuse_existing(path, FLAGS.overwrite)
    options = RunOptions.from_flags()
    options.limit_threads()
    if keras.backend.backend() != "tensorflow":
        raise UserError(
            "KERAS_BACKEND: the classifier is written as ONNX, which needs "
            "tensorflow"
        )
    train, test = (
        load_images(FLAGS.dataset, FLAGS.data_dir, split)
        for split in ("train", "test")
    )
    if len(train) < FLAGS.batch_size:
        raise UserError(
            f"--batch_size: {FLAGS.batch_size} is more than the {len(train)} "
            "images"
        )
    per_pass = len(train) // FLAGS.batch_size
    steps = FLAGS.epochs * per_pass
    run_dir = open_run(
        FLAGS.run_dir,
        {
            "dataset": FLAGS.dataset,
            "images": len(train),
            "batch_size": FLAGS.batch_size,
            "seed": FLAGS.seed,
        },
        flexible={
            "epochs": FLAGS.epochs,
            "learning_rate": FLAGS.learning_rate,
        },
        resume_from=options.resume_from,
    )
    output_dir = Path(FLAGS.output_dir or run_dir)
    make_directory(output_dir)

    keras.config.set_dtype_policy(FLAGS.precision)
    keras.utils.set_random_seed(FLAGS.seed)
    network = build_classifier()
    model = keras.Model(network.input, network.output["probabilities"])
    rate = keras.optimizers.schedules.CosineDecay(
        FLAGS.learning_rate, steps, alpha=0.1
    )
    model.compile(
        keras.optimizers.Adam(rate),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=options.jit_compile,
    )
    before = resume(model, run_dir)
    fit_run(
        model,
        ImageBatches(
            train.pixels,
            FLAGS.batch_size,
            per_pass,
            FLAGS.seed,
            before["step"],
            train.labels,
        ),
        options,
        steps=steps,
        steps_per_epoch=per_pass,
        first_step=before["step"],
        exports={"classifier": network},
    )

    # What ships is measured as it ships.
    keras.config.set_dtype_policy("float32")
    exported = build_classifier()
    exported.set_weights(network.get_weights())
    path = output_dir / CLASSIFIER
    accuracy = _export_and_test(exported, path, test, {})
    _export_and_test(exported, path, test, {"test_accuracy": accuracy})
    print(
        f"{path}: test accuracy {accuracy:.4f} on {len(test)} images "
        f"({FLAGS.dataset})"
    )


def _export_and_test(network, path, test, facts) -> float:
    metadata = {
        "role": "classifier",
        "dataset": FLAGS.dataset,
        "class_names": list(CLASS_NAMES[FLAGS.dataset]),
        "test_images": len(test),
    }
    examples = {"image": test.pixels[:3].astype("float32") / 127.5 - 1.0}
    export_onnx(network, path, {"dcgan": metadata | facts}, examples=examples)
    judged = Classifier(path, FLAGS.threads).judge(test.pixels)
    return float(np.mean(judged.classes == test.labels))


if __name__ == "__main__":
    define_flags()
    run_main(main)
