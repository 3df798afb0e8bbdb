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
from shared.command import no_arguments, run_main
from shared.errors import UserError
from shared.losses.triplet import triplet_semihard_loss
from shared.training import (
    RunOptions,
    Setting,
    Settings,
    fit_run,
    load_weights,
    resume,
    sync_weights,
    write_text,
)

SETTINGS = Settings(
    {
        "architecture": Setting(
            "The network.", "openface", choices=tuple(sorted(INPUTS))
        ),
        "stage": Setting(
            "What is learned: names, or that one person's photos are alike.",
            "classify",
            choices=("classify", "triplet"),
        ),
        "size": Setting(
            "openface: side of a face in pixels, such as 64 to begin with; 0 "
            "is the network's own.",
            0,
            low=0,
        ),
        "pretrained": Setting(
            "Run, or model that ships, whose embedding to begin with "
            "(openface).",
            kind=str,
            resumable=True,
        ),
        "weights": Setting(
            "vgg: none, imagenet (downloaded), or a weights file of VGG16.",
            "none",
            resumable=True,
        ),
        "batch_size": Setting("Faces a step.", 32, low=2),
        "epochs": Setting("Looks at every photo.", 60, low=1, resumable=True),
        "learning_rate": Setting(
            "Highest rate of AdamW.", 2e-3, resumable=True
        ),
        "weight_decay": Setting("Of AdamW.", 1e-2, resumable=True),
        "margin": Setting("Of the triplet loss.", 0.5),
        "augment": Setting("Vary the photos.", True),
        "test_every": Setting(
            "Epochs between looks at the held-out photos.",
            5,
            low=1,
            resumable=True,
        ),
    }
)


def define_flags(values=flags.FLAGS) -> None:
    """Defines the command's flags."""
    RunOptions.define_flags(values)
    flags.DEFINE_string(
        "images_dir",
        None,
        "Folder with one folder of aligned photos a person.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "people",
        0,
        "Take the people with the most photos; 0 takes all.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "glasses_dir",
        None,
        "Folder of frames that half of the faces wear: a defence.",
        flag_values=values,
    )
    SETTINGS.define_flags(values)


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


def compile_for(network, settings, steps, compiling):
    """The part of a recogniser that a stage trains, compiled.

    Args:
        network: The recogniser.
        settings: Those of `SETTINGS`.
        steps: Steps of the whole training, over which the rate falls.
        compiling: Keras' arguments of `compile`.

    Returns:
        keras.Model sharing the recogniser's weights.
    """
    rate = keras.optimizers.schedules.CosineDecay(
        0.0,
        steps - min(steps // 10, 200),
        warmup_target=settings["learning_rate"],
        warmup_steps=min(steps // 10, 200),
    )
    optimizer = keras.optimizers.AdamW(
        rate, weight_decay=settings["weight_decay"], clipnorm=5.0
    )
    if settings["stage"] == "triplet":
        model = embedding_of(network)
        model.compile(
            optimizer,
            lambda labels, x: triplet_semihard_loss(
                labels, x, settings["margin"]
            ),
            **compiling,
        )
    else:
        model = logits_of(network)
        model.compile(
            optimizer,
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
            **compiling,
        )
    # So that a checkpoint finds its place.
    optimizer.build(model.trainable_variables)
    return model


def input_of(settings):
    """Side of a face in pixels and the least value of its range."""
    size, low = INPUTS[settings["architecture"]]
    return settings["size"] or size, low


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
    other, _ = load_recognizer(source, flag="pretrained")
    try:
        embedding.set_weights(embedding_of(other).get_weights())
    except ValueError as error:
        raise UserError(
            f"--pretrained: {source} has no embedding of this kind: {error}"
        ) from error


def train(options: RunOptions, settings: dict, people, glasses=None):
    """Trains to the last epoch; a run that was stopped goes on.

    Args:
        options: How the training is run.
        settings: What is learned: `SETTINGS.choose(epochs=20)`.
        people: Those of `agns.people.find_people`.
        glasses: Frames that half of the faces wear (`load_frames`), or None.

    Returns:
        The recogniser, a keras.Model.

    Raises:
        UserError: If the run directory holds a run of other settings, or a
            setting does not fit the network.
    """
    size, low = input_of(settings)
    triplet = settings["stage"] == "triplet"
    if settings["architecture"] == "vgg" and (
        triplet or settings["pretrained"]
    ):
        raise UserError(
            "--architecture=vgg: has no embedding to train; leave out --stage "
            "and --pretrained"
        )
    options.open_run(
        SETTINGS,
        settings | {"size": size},
        people=[person.name for person in people],
        glasses=glasses is not None,
    )
    batches = FaceBatches(
        people,
        size,
        low,
        settings["batch_size"],
        options.seed,
        photos_each=4 if triplet else 1,
        augment=settings["augment"],
        glasses=glasses,
    )
    steps = settings["epochs"] * batches.steps
    keras.utils.set_random_seed(options.seed)
    with options.policy(), options.scope():
        try:
            # Few steps: moving statistics must follow faster than by .99.
            network = build_recognizer(
                settings["architecture"],
                len(people),
                settings["weights"],
                0.9,
                size,
            )
        except ValueError as error:
            raise UserError(f"--architecture: {error}") from error
        if settings["pretrained"]:
            begin_embedding(network, Path(settings["pretrained"]))
        model = compile_for(network, settings, steps, options.compiling)
    state = resume(model, options.run_dir)
    batches.step = state["step"]

    faces, labels = held_out(people, size, low)
    exports = {"recognizer": network}
    if settings["architecture"] == "openface":
        exports["embedding"] = embedding_of(network)
    watch = HeldOut(
        network,
        faces,
        labels,
        settings["test_every"],
        state["schedule"].get("accuracy", 0.0),
    )
    fit_run(
        model,
        batches,
        options,
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


def main(arguments, values=flags.FLAGS) -> None:
    """Runs the command."""
    no_arguments(arguments)
    options = RunOptions.from_flags(values)
    settings = SETTINGS.from_flags(values)
    if not values.images_dir:
        raise UserError("--images_dir is missing: a folder of people")
    options.limit_threads()
    people = find_people(values.images_dir, values.people)
    glasses = load_frames(values.glasses_dir) if values.glasses_dir else None
    photos = sum(len(p.train) for p in people)
    run_dir = options.run_dir
    print(f"{len(people)} people, {photos} photos to learn; {run_dir}")
    network = train(options, settings, people, glasses)
    if settings["stage"] == "triplet":
        print(f"done: go on with --pretrained {run_dir}")
        return
    faces, labels = held_out(people, *input_of(settings))
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
