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
from malicious_ae.tables import iou_summary, iou_table
from malicious_ae.validation import Validation, measure
from malicious_ae.weighing import class_weights
from shared.errors import UserError, no_arguments, run_main
from shared.fit import fit_run, resume
from shared.grids import write_png
from shared.images import make_directory
from shared.segmentation.class_weights import WEIGHINGS
from shared.segmentation.enet import build_enet
from shared.training import (
    define_training_flags,
    distribution_scope,
    latest_checkpoint,
    limit_threads,
    open_run,
    write_text,
)
from shared.training.run_files import load_weights

FLAGS = flags.FLAGS


def define_flags() -> None:
    """Defines the command's flags."""
    define_training_flags()
    define_data_flags()
    define_size_flags()
    flags.DEFINE_enum(
        "mode",
        "full",
        ["train", "test", "full"],
        "train; test measures the best network of the run; full does both.",
    )
    flags.DEFINE_bool(
        "resume", True, "Go on where the run stopped; else refuse an old run."
    )
    flags.DEFINE_integer("batch_size", 10, "Frames a step.", lower_bound=1)
    flags.DEFINE_integer("epochs", 300, "Epochs altogether.", lower_bound=1)
    flags.DEFINE_float("learning_rate", 5e-4, "Adam's, at the start.")
    flags.DEFINE_enum(
        "lr_schedule",
        "step",
        ["step", "cosine"],
        "step multiplies the rate by --lr_decay every --lr_decay_epochs; "
        "cosine lets it fall to 0 over --epochs.",
    )
    flags.DEFINE_float("lr_decay", 0.1, "Factor of --lr_schedule=step.")
    flags.DEFINE_integer("lr_decay_epochs", 100, "Epochs between its steps.")
    flags.DEFINE_float(
        "weight_decay", 2e-4, "L2 term, added to the gradient as PyTorch does."
    )
    flags.DEFINE_enum(
        "weighing", "enet", list(WEIGHINGS), "How classes weigh in the loss."
    )
    flags.DEFINE_string(
        "class_weights",
        None,
        "JSON list of weights, one a class, instead of --weighing.",
    )
    flags.DEFINE_bool(
        "ignore_unlabeled", True, "Leave unlabelled pixels out of everything."
    )
    flags.DEFINE_integer("crop_height", None, "Train on random crops: height.")
    flags.DEFINE_integer("crop_width", None, "Train on random crops: width.")
    flags.DEFINE_bool("flip", False, "Augment: mirror half of the frames.")
    flags.DEFINE_list(
        "scale", ["1", "1"], "Augment: resize by a factor from LOW,HIGH."
    )
    flags.DEFINE_float(
        "photometric", 0.0, "Augment: greatest change of light, as a share."
    )
    flags.DEFINE_float(
        "color_cast",
        0.0,
        "Augment: greatest shift of each colour channel, as a share of the "
        "range.",
    )
    flags.DEFINE_integer(
        "val_every",
        10,
        "Epochs between validations; the first and the last have one always.",
    )
    flags.DEFINE_integer("workers", 1, "Threads that prepare batches.")
    flags.DEFINE_bool("cache", True, "Keep decoded frames in memory.")
    flags.DEFINE_bool("print_step", False, "Print the loss of every step.")
    flags.DEFINE_bool(
        "show_batch", False, "Write the first batch to batch.png, labels over."
    )
    flags.DEFINE_enum("device", "auto", list(DEVICES), "What to train on.")
    flags.DEFINE_string(
        "pretrained", None, "Run directory or weights file to start from."
    )
    flags.DEFINE_string(
        "attacker",
        None,
        "Attacker (run directory) that transforms half of each batch: trains "
        "a victim that withstands it.",
    )
    flags.DEFINE_string(
        "save_dir", None, "Where the summary goes. Default: the run directory."
    )
    flags.DEFINE_string("name", "enet", "How the summary's file is called.")
    shared.outputs.define_flags()


def augmentation() -> Augmentation:
    """What the flags ask for.

    Raises:
        UserError: If they make no sense.
    """
    try:
        low, high = (float(value) for value in FLAGS.scale)
        return Augmentation(
            FLAGS.flip, low, high, FLAGS.photometric, FLAGS.color_cast
        )
    except ValueError as error:
        raise UserError(
            f"--scale={','.join(FLAGS.scale)}, --photometric="
            f"{FLAGS.photometric}, --color_cast={FLAGS.color_cast}: {error}"
        ) from error


def learning_rate(steps_per_epoch: int):
    """The rate's schedule over the run's steps."""
    schedules = keras.optimizers.schedules
    if FLAGS.lr_schedule == "cosine":
        return schedules.CosineDecay(
            FLAGS.learning_rate, FLAGS.epochs * steps_per_epoch
        )
    return schedules.ExponentialDecay(
        FLAGS.learning_rate,
        FLAGS.lr_decay_epochs * steps_per_epoch,
        FLAGS.lr_decay,
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


def train(run_dir, frames, val_frames, ignored) -> None:
    """Trains to `--epochs`, from the run's last checkpoint if it has one."""
    height, width = frames.size
    crop = (FLAGS.crop_height or height, FLAGS.crop_width or width)
    weights = class_weights(
        frames, FLAGS.weighing, ignored, FLAGS.class_weights
    )
    write_text(
        run_dir / "class_weights.json",
        json.dumps([round(float(weight), 6) for weight in weights]) + "\n",
    )
    try:
        batches = FrameBatches(
            frames,
            *crop,
            FLAGS.batch_size,
            FLAGS.seed,
            augmentation(),
            frames.classes.unlabeled,
            workers=FLAGS.workers,
        )
    except ValueError as error:
        raise UserError(f"--batch_size: {error}") from error
    per_epoch = len(batches)

    keras.utils.set_random_seed(FLAGS.seed)
    with distribution_scope(FLAGS.distribute):
        try:
            network = build_enet(*crop, frames.classes.count)
        except ValueError as error:
            raise UserError(f"--crop_height, --crop_width: {error}") from error
        attacker = FLAGS.attacker and load_attacker(FLAGS.attacker, *crop)
        game = VictimGame(
            network,
            weights,
            learning_rate(per_epoch),
            FLAGS.weight_decay,
            attacker or None,
        )
        game.compile(
            jit_compile=FLAGS.jit_compile,
            steps_per_execution=FLAGS.steps_per_execution,
        )
    if FLAGS.pretrained and not latest_checkpoint(run_dir):
        load_pretrained(network, FLAGS.pretrained)
    state = resume(game, run_dir)
    batches.epoch = state["step"] // per_epoch
    if FLAGS.show_batch:
        picture = batch_picture(*batches[0], frames.classes)
        write_png(run_dir / "batch.png", picture, overwrite=True)

    whole = network
    if crop != (height, width):
        whole = build_enet(height, width, frames.classes.count)
    whole.compile(jit_compile=FLAGS.jit_compile)

    def judge():
        if whole is not network:
            whole.set_weights(network.get_weights())
        return whole

    validation = Validation(
        judge,
        val_frames,
        ignored,
        FLAGS.val_every,
        state["schedule"],
        run_dir / BEST,
    )
    fit_run(
        game,
        batches,
        run_dir,
        steps=FLAGS.epochs * per_epoch,
        steps_per_epoch=per_epoch,
        first_step=state["step"],
        exports={"enet": network},
        describe=validation.describe,
        get_state=validation.get_state,
        callbacks=[validation, *([PrintSteps()] if FLAGS.print_step else [])],
    )


def summary_path(run_dir):
    """Where the summary goes; only in the run's own is one replaced.

    Raises:
        UserError: If another folder than the run's holds such a file already.
    """
    folder = pathlib.Path(FLAGS.save_dir or run_dir)
    path = folder / f"{FLAGS.name}_summary.json"
    if FLAGS.save_dir:
        shared.outputs.refuse_existing(path, FLAGS.overwrite)
    return path


def test(run_dir, frames, ignored) -> None:
    """Measures the best network of a run and writes its summary."""
    network = build_enet(*frames.size, frames.classes.count)
    load_weights(network, run_dir / BEST)
    confusion = measure(network, frames, ignored)
    summary = iou_summary(confusion, frames.classes)
    path = summary_path(run_dir)
    make_directory(path.parent)
    write_text(path, json.dumps(summary, indent=2) + "\n")
    print(iou_table(summary))


def fixed_config(size, classes) -> dict:
    """What may not change when a run goes on."""
    own = {"classes": classes.record} if FLAGS.classes else {}
    return own | {
        "kind": "enet",
        "dataset": FLAGS.dataset,
        "height": size[0],
        "width": size[1],
        "crop_height": FLAGS.crop_height or size[0],
        "crop_width": FLAGS.crop_width or size[1],
        "batch_size": FLAGS.batch_size,
        "weighing": FLAGS.class_weights or FLAGS.weighing,
        "ignore_unlabeled": FLAGS.ignore_unlabeled,
        "seed": FLAGS.seed,
    }


def _run_and_data(run_dir):
    """The classes of the run and of the data, and the flag of the latter."""
    _, config = read_victim_config(run_dir)
    return config["classes"], *data_classes()


def main(arguments) -> None:
    """Runs the command."""
    no_arguments(arguments)
    use_device(FLAGS.device)
    limit_threads(FLAGS.threads)
    if FLAGS.mode != "train":
        summary_path(FLAGS.run_dir)
    size = network_size()
    run_dir = pathlib.Path(FLAGS.run_dir)
    if not FLAGS.resume and FLAGS.mode != "test" and run_dir.exists():
        raise UserError(f"--noresume: {run_dir} exists; name a new --run_dir")

    classes, _ = data_classes()
    ignored = [classes.unlabeled] if FLAGS.ignore_unlabeled else []

    def frames(split):
        found = Frames(
            FLAGS.dataset,
            FLAGS.dataset_dir,
            split,
            *size,
            FLAGS.cache,
            classes,
        )
        found.check_labelled(ignored)
        return found

    if FLAGS.mode != "test":
        keras.config.set_dtype_policy(FLAGS.precision)
        training, validation = frames("train"), frames("val")
        run_dir = open_run(run_dir, fixed_config(size, classes))
        print(
            f"{len(training)} frames to train on, {len(validation)} to "
            f"validate; run directory {run_dir}"
        )
        train(run_dir, training, validation, ignored)
        keras.config.set_dtype_policy("float32")
    if FLAGS.mode != "train":
        if FLAGS.mode == "test":
            check_same(*_run_and_data(run_dir))
        test(run_dir, frames(TEST_SPLITS[FLAGS.dataset]), ignored)


if __name__ == "__main__":
    define_flags()
    run_main(main)
