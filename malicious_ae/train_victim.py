"""Trains ENet on CamVid or Cityscapes, and measures it.

    python -m malicious_ae.train_victim --dataset_dir camvid --run_dir runs/enet

The best network on the validation split is kept in `best.weights.h5`; the
same command resumes a run that was stopped, and more `--epochs` prolong it.
`--mode test` measures the best network, `--mode full` trains, then measures.
"""

import json
import pathlib

import keras
from absl import flags

import shared.outputs
from malicious_ae.batches import Augmentation, FrameBatches
from malicious_ae.classes import check_same
from malicious_ae.data import TEST_SPLITS, Frames
from malicious_ae.device import DEVICES, use_device
from malicious_ae.flags import (
    data_classes,
    define_data_flags,
    define_size_flags,
    network_size,
)
from malicious_ae.game import VictimGame
from malicious_ae.models import BEST, load_attacker, read_victim_config
from malicious_ae.pictures import batch_picture
from malicious_ae.presets import VICTIM_SETTINGS as SETTINGS
from malicious_ae.tables import iou_summary, iou_table
from malicious_ae.validation import Validation, measure
from malicious_ae.weighing import class_weights
from shared.command import no_arguments, run_main
from shared.errors import UserError
from shared.grids import write_png
from shared.images import make_directory, write_bytes
from shared.segmentation.enet import build_enet
from shared.training import (
    RunOptions,
    fit_run,
    load_weights,
    resume,
    write_text,
)


def define_flags(values=flags.FLAGS) -> None:
    """Defines the command's flags."""
    RunOptions.define_flags(values)
    define_data_flags(values)
    define_size_flags(values)
    flags.DEFINE_enum(
        "mode",
        "full",
        ["train", "test", "full"],
        "train; test measures the best network of the run; full does both.",
        flag_values=values,
    )
    flags.DEFINE_bool(
        "resume",
        True,
        "Go on where the run stopped; else refuse an old run.",
        flag_values=values,
    )
    flags.DEFINE_bool(
        "cache", True, "Keep decoded frames in memory.", flag_values=values
    )
    flags.DEFINE_enum(
        "device",
        "auto",
        list(DEVICES),
        "What to train on.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "save_dir",
        None,
        "Where the summary goes. Default: the run directory.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "name", "enet", "How the summary's file is called.", flag_values=values
    )
    shared.outputs.define_flags(values)
    SETTINGS.define_flags(values)


def augmentation(settings: dict) -> Augmentation:
    """How the settings vary frames.

    Raises:
        UserError: If they make no sense.
    """
    scale = settings["scale"]
    photometric, color_cast = settings["photometric"], settings["color_cast"]
    try:
        low, high = (float(value) for value in scale)
        return Augmentation(
            settings["flip"], low, high, photometric, color_cast
        )
    except ValueError as error:
        raise UserError(
            f"--scale={','.join(map(str, scale))}, --photometric="
            f"{photometric}, --color_cast={color_cast}: {error}"
        ) from error


def learning_rate(settings: dict, steps_per_epoch: int):
    """The rate's schedule over the run's steps."""
    schedules = keras.optimizers.schedules
    rate = settings["learning_rate"]
    if settings["lr_schedule"] == "cosine":
        return schedules.CosineDecay(rate, settings["epochs"] * steps_per_epoch)
    return schedules.ExponentialDecay(
        rate,
        settings["lr_decay_epochs"] * steps_per_epoch,
        settings["lr_decay"],
        staircase=True,
    )


class PrintSteps(keras.callbacks.Callback):
    """Prints the epoch's running loss at every step."""

    def on_train_batch_end(self, batch, logs=None):
        print(f"step {batch}: loss {logs['victim_loss']:.4f}", flush=True)


def load_pretrained(network, source) -> None:
    """Starts from another run's best network, or from a weights file."""
    source = pathlib.Path(source)
    load_weights(network, source / BEST if source.is_dir() else source)


def ignored_classes(settings: dict, classes) -> list[int]:
    """Indices of the classes that do not count."""
    return [classes.unlabeled] if settings["ignore_unlabeled"] else []


def build_game(settings, crop, weights, steps_per_epoch) -> VictimGame:
    """Makes ENet at one size, the attacker that it is to withstand, if any.

    Raises:
        UserError: If no network can be of this size.
    """
    try:
        network = build_enet(*crop, len(weights))
    except ValueError as error:
        raise UserError(f"--crop_height, --crop_width: {error}") from error
    attacker = settings["attacker"] and load_attacker(
        settings["attacker"], *crop
    )
    return VictimGame(
        network,
        weights,
        learning_rate(settings, steps_per_epoch),
        settings["weight_decay"],
        attacker or None,
    )


def train(options: RunOptions, settings: dict, frames, val_frames) -> None:
    """Trains to the last epoch; a run that was stopped goes on.

    Args:
        options: How the training is run.
        settings: What is learned: `SETTINGS.choose(epochs=50, flip=True)`.
        frames: `data.Frames` to learn from.
        val_frames: The like of the same size, to measure the network on.

    Raises:
        UserError: If the run directory holds a run of other settings, or a
            setting does not fit the frames.
    """
    ignored = ignored_classes(settings, frames.classes)
    for part in (frames, val_frames):
        part.check_labelled(ignored)
    height, width = frames.size
    crop = (settings["crop_height"] or height, settings["crop_width"] or width)
    varied = augmentation(settings)
    try:
        batches = FrameBatches(
            frames,
            *crop,
            settings["batch_size"],
            options.seed,
            varied,
            frames.classes.unlabeled,
            workers=settings["workers"],
        )
    except ValueError as error:
        raise UserError(f"--batch_size: {error}") from error
    stated = {
        "crop_height": crop[0],
        "crop_width": crop[1],
        "scale": (varied.scale_low, varied.scale_high),
        "weighing": settings["class_weights"] or settings["weighing"],
    }
    run_dir = options.open_run(
        SETTINGS, settings | stated, kind="enet", **frames.facts
    )
    weights = class_weights(
        frames, settings["weighing"], ignored, settings["class_weights"]
    )
    write_text(
        run_dir / "class_weights.json",
        json.dumps([round(float(weight), 6) for weight in weights]) + "\n",
    )
    with options.policy():
        fit(options, settings, batches, weights, val_frames)


def fit(options, settings, batches, weights, val_frames) -> None:
    """Trains on batches, from the run's last checkpoint if it has one.

    Args:
        options: RunOptions; its run directory exists.
        settings: Those of `SETTINGS`.
        batches: FrameBatches of whole frames or of crops.
        weights: float32 [classes], how much each counts.
        val_frames: Whole frames to measure the network on.
    """
    run_dir, per_epoch = options.run_dir, len(batches)
    keras.utils.set_random_seed(options.seed)
    with options.scope():
        game = build_game(settings, batches.size, weights, per_epoch)
        game.compile(**options.compiling)
    network = game.network
    state = resume(game, run_dir)
    if settings["pretrained"] and not state["step"]:
        load_pretrained(network, settings["pretrained"])
    batches.step = state["step"]
    classes = val_frames.classes
    if settings["show_batch"]:
        picture = batch_picture(*batches[0], classes)
        write_png(run_dir / "batch.png", picture, overwrite=True)

    whole = network
    if batches.size != val_frames.size:
        whole = build_enet(*val_frames.size, classes.count)
    whole.compile(jit_compile=options.jit_compile)

    def judge():
        if whole is not network:
            whole.set_weights(network.get_weights())
        return whole

    validation = Validation(
        judge,
        val_frames,
        ignored_classes(settings, classes),
        settings["val_every"],
        state["schedule"],
        run_dir / BEST,
    )
    steps = [PrintSteps()] if settings["print_step"] else []
    fit_run(
        game,
        batches,
        options,
        steps=settings["epochs"] * per_epoch,
        steps_per_epoch=per_epoch,
        first_step=state["step"],
        exports={"enet": network},
        describe=validation.describe,
        get_state=validation.get_state,
        callbacks=[validation, *steps],
    )


def test(run_dir, frames, ignored, path, overwrite) -> None:
    """Measures the best network of a run and writes its summary.

    Args:
        run_dir: Run directory of a training.
        frames: `data.Frames` of the size that it learned.
        ignored: Classes that do not count.
        path: JSON file to write.
        overwrite: Whether one that is there is replaced.

    Raises:
        UserError: If it is there and not to be replaced.
    """
    frames.check_labelled(ignored)
    network = build_enet(*frames.size, frames.classes.count)
    load_weights(network, pathlib.Path(run_dir) / BEST)
    confusion = measure(network, frames, ignored)
    summary = iou_summary(confusion, frames.classes)
    make_directory(path.parent)
    text = json.dumps(summary, indent=2) + "\n"
    write_bytes(path, text.encode(), overwrite)
    print(iou_table(summary))


def main(arguments, values=flags.FLAGS) -> None:
    """Runs the command."""
    no_arguments(arguments)
    options = RunOptions.from_flags(values)
    settings = SETTINGS.from_flags(values)
    use_device(values.device)
    options.limit_threads()
    size, run_dir = network_size(values), options.run_dir
    if not values.resume and values.mode != "test" and run_dir.exists():
        raise UserError(f"--noresume: {run_dir} exists; name a new --run_dir")
    summary = pathlib.Path(values.save_dir or run_dir)
    summary = summary / f"{values.name}_summary.json"
    # That of the run's own directory belongs to the run.
    replace = values.overwrite or not values.save_dir
    if values.mode != "train":
        shared.outputs.refuse_existing(summary, replace)
    classes, flag = data_classes(values)

    def frames(split):
        return Frames(
            values.dataset,
            values.dataset_dir,
            split,
            *size,
            values.cache,
            classes,
        )

    if values.mode != "test":
        training, validation = frames("train"), frames("val")
        print(
            f"{len(training)} frames to train on, {len(validation)} to "
            f"validate; run directory {run_dir}"
        )
        train(options, settings, training, validation)
    if values.mode != "train":
        if values.mode == "test":
            _, config = read_victim_config(run_dir)
            check_same(config["classes"], classes, flag)
        test(
            run_dir,
            frames(TEST_SPLITS[values.dataset]),
            ignored_classes(settings, classes),
            summary,
            replace,
        )


if __name__ == "__main__":
    define_flags()
    run_main(main)
