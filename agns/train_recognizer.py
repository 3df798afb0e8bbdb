"""Trains a face recogniser on aligned photos of people.

    python -m agns.train_recognizer --images_dir faces --run_dir runs/people

takes every folder of `--images_dir` for a person (`python -m agns.align`
makes such folders), holds out a fifth of each one's photos, and writes
`recognizer.weights.h5`, `evaluation.json` and `confusion.png`. With
`--stage triplet` the embedding alone learns that photos of one person belong
together; `--pretrained` goes on from there. The same command resumes a run
that was stopped.
"""

import json
from pathlib import Path

import keras
import numpy as np
from absl import flags

from agns.data import FaceBatches
from agns.frames import load_frames
from agns.models import answers, load_recognizer
from agns.networks import (
    INPUTS,
    build_recognizer,
    embedding_of,
    logits_of,
)
from agns.people import find_people, load_faces, to_input
from agns.report import accuracy_table, plot_confusion
from shared.errors import UserError, no_arguments, run_main
from shared.fit import fit_run, resume
from shared.losses.triplet import triplet_semihard_loss
from shared.training import (
    define_training_flags,
    distribution_scope,
    limit_threads,
    open_run,
    sync_weights,
    write_text,
)
from shared.training.run_files import load_weights

FLAGS = flags.FLAGS


def define_flags() -> None:
    """Defines the command's flags."""
    define_training_flags()
    flags.DEFINE_string(
        "images_dir", None, "Folder with one folder of aligned photos a person."
    )
    flags.DEFINE_enum(
        "architecture", "openface", sorted(INPUTS), "The network."
    )
    flags.DEFINE_integer(
        "people", 0, "Take the people with the most photos; 0 takes all."
    )
    flags.DEFINE_enum(
        "stage",
        "classify",
        ["classify", "triplet"],
        "What is learned: names, or that one person's photos are alike.",
    )
    flags.DEFINE_integer(
        "size",
        0,
        "openface: side of a face in pixels, such as 64 to begin with; 0 is "
        "the network's own.",
        lower_bound=0,
    )
    flags.DEFINE_string(
        "pretrained",
        None,
        "Run, or model that ships, whose embedding to begin with (openface).",
    )
    flags.DEFINE_string(
        "weights",
        "none",
        "vgg: none, imagenet (downloaded), or a weights file of VGG16.",
    )
    flags.DEFINE_integer("batch_size", 32, "Faces a step.", lower_bound=2)
    flags.DEFINE_integer("epochs", 60, "Looks at every photo.", lower_bound=1)
    flags.DEFINE_float("learning_rate", 2e-3, "Highest rate of AdamW.")
    flags.DEFINE_float("weight_decay", 1e-2, "Of AdamW.")
    flags.DEFINE_float("margin", 0.5, "Of the triplet loss.")
    flags.DEFINE_bool("augment", True, "Vary the photos.")
    flags.DEFINE_string(
        "glasses_dir",
        None,
        "Folder of frames that half of the faces wear: a defence.",
    )
    flags.DEFINE_integer(
        "test_every", 5, "Epochs between looks at the held-out photos."
    )
    flags.mark_flag_as_required("images_dir")


class HeldOut(keras.callbacks.Callback):
    """Logs the accuracy on the held-out photos every few epochs.

    Args:
        network: The recogniser.
        faces: [N, H, W, 3] in the network's range.
        labels: [N] int.
        every: Epochs between looks.
        accuracy: The last one of a resumed run.
    """

    def __init__(self, network, faces, labels, every, accuracy=0.0):
        super().__init__()
        self.network = network
        self.faces = faces
        self.labels = labels
        self.every = every
        self.accuracy = accuracy

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every == 0:
            sync_weights(self.model)
            found = answers(self.network, self.faces)
            right = found.argmax(axis=1) == self.labels
            self.accuracy = float(right.mean())
        logs["test_accuracy"] = self.accuracy


def compile_for(stage, network, steps):
    """The part of a recogniser that a stage trains, compiled.

    Args:
        stage: "classify" or "triplet".
        network: The recogniser.
        steps: Steps of the whole training, over which the rate falls.

    Returns:
        keras.Model sharing the recogniser's weights.
    """
    rate = keras.optimizers.schedules.CosineDecay(
        0.0,
        steps - min(steps // 10, 200),
        warmup_target=FLAGS.learning_rate,
        warmup_steps=min(steps // 10, 200),
    )
    optimizer = keras.optimizers.AdamW(
        rate, weight_decay=FLAGS.weight_decay, clipnorm=5.0
    )
    settings = {
        "optimizer": optimizer,
        "jit_compile": FLAGS.jit_compile,
        "steps_per_execution": FLAGS.steps_per_execution,
    }
    if stage == "triplet":
        model = embedding_of(network)
        model.compile(
            loss=lambda labels, x: triplet_semihard_loss(
                labels, x, FLAGS.margin
            ),
            **settings,
        )
    else:
        model = logits_of(network)
        model.compile(
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
            **settings,
        )
    # So that a checkpoint finds its place.
    optimizer.build(model.trainable_variables)
    return model


def input_of_flags():
    """Side of a face in pixels and the least value of its range."""
    size, low = INPUTS[FLAGS.architecture]
    return FLAGS.size or size, low


def begin_embedding(network, source) -> None:
    """Begins with the embedding of a run, or of a model that ships.

    Raises:
        UserError: if there is none.
    """
    embedding = embedding_of(network)
    path = source / "embedding.weights.h5"
    if path.exists():
        load_weights(embedding, path)
        return
    try:
        other, _ = load_recognizer(source)
    except UserError as error:
        message = str(error).replace("--recognizer", "--pretrained", 1)
        raise UserError(message) from error
    try:
        embedding.set_weights(embedding_of(other).get_weights())
    except ValueError as error:
        raise UserError(
            f"--pretrained: {source} has no embedding of this kind: {error}"
        ) from error


def train(run_dir, people) -> keras.Model:
    """Trains, and returns the recogniser."""
    size, low = input_of_flags()
    glasses = load_frames(FLAGS.glasses_dir) if FLAGS.glasses_dir else None
    triplet = FLAGS.stage == "triplet"
    batches = FaceBatches(
        people,
        size,
        low,
        FLAGS.batch_size,
        FLAGS.seed,
        photos_each=4 if triplet else 1,
        augment=FLAGS.augment,
        glasses=glasses,
    )
    steps = FLAGS.epochs * batches.steps
    keras.utils.set_random_seed(FLAGS.seed)
    with distribution_scope(FLAGS.distribute):
        try:
            # Few steps: moving statistics must follow faster than by .99.
            network = build_recognizer(
                FLAGS.architecture, len(people), FLAGS.weights, 0.9, size
            )
        except ValueError as error:
            raise UserError(f"--architecture: {error}") from error
        if FLAGS.pretrained:
            begin_embedding(network, Path(FLAGS.pretrained))
        model = compile_for(FLAGS.stage, network, steps)
    state = resume(model, run_dir)
    batches.step = state["step"]

    faces, labels = held_out(people, size, low)
    exports = {"recognizer": network}
    if FLAGS.architecture == "openface":
        exports["embedding"] = embedding_of(network)
    watch = HeldOut(
        network,
        faces,
        labels,
        FLAGS.test_every,
        state["schedule"].get("accuracy", 0.0),
    )
    fit_run(
        model,
        batches,
        run_dir,
        steps=steps,
        steps_per_epoch=batches.steps,
        first_step=state["step"],
        exports={"embedding": exports["embedding"]} if triplet else exports,
        describe=lambda: f"held out {watch.accuracy:.1%}",
        get_state=lambda: {"accuracy": watch.accuracy},
        callbacks=[] if triplet else [watch],
    )
    sync_weights(model)
    return network


def held_out(people, size, low):
    """The held-out faces of people, and whose they are: [N, ...], [N]."""
    faces = to_input(load_faces([f for p in people for f in p.test]), size, low)
    labels = np.repeat(np.arange(len(people)), [len(p.test) for p in people])
    return faces, labels


def main(argv) -> None:
    no_arguments(argv)
    if FLAGS.architecture == "vgg" and (
        FLAGS.stage == "triplet" or FLAGS.pretrained
    ):
        raise UserError(
            "--architecture=vgg: has no embedding to train; leave out --stage "
            "and --pretrained"
        )
    limit_threads(FLAGS.threads)
    keras.config.set_dtype_policy(FLAGS.precision)
    people = find_people(FLAGS.images_dir, FLAGS.people)
    run_dir = open_run(
        FLAGS.run_dir,
        {
            "architecture": FLAGS.architecture,
            "people": [person.name for person in people],
            "size": input_of_flags()[0],
            "stage": FLAGS.stage,
            "batch_size": FLAGS.batch_size,
            "epochs": FLAGS.epochs,
            "learning_rate": FLAGS.learning_rate,
            "weight_decay": FLAGS.weight_decay,
            "augment": FLAGS.augment,
            "glasses": bool(FLAGS.glasses_dir),
            "seed": FLAGS.seed,
        },
    )
    photos = sum(len(p.train) for p in people)
    print(f"{len(people)} people, {photos} photos to learn; {run_dir}")
    network = train(run_dir, people)
    if FLAGS.stage == "triplet":
        print(f"done: go on with --pretrained {run_dir}")
        return
    faces, labels = held_out(people, *input_of_flags())
    found = answers(network, faces)
    table = accuracy_table(found, labels, [p.name for p in people])
    write_text(run_dir / "evaluation.json", json.dumps(table, indent=2) + "\n")
    plot_confusion(found, labels, [p.name for p in people], run_dir)
    print(
        f"done: {table['right']} of {table['photos']} held-out photos "
        f"recognised ({table['accuracy']:.1%}); {run_dir}"
    )


if __name__ == "__main__":
    define_flags()
    run_main(main)
