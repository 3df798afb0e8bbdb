"""Trains an attacker on a frozen victim.

    python -m malicious_ae.train_attacker --dataset_dir camvid --run_dir runs/ae

Presets: `reference` is the original, a 440-weight autoencoder without a
bound; `autoencoder` (small, nonlinear) and `affine` (the 440 weights) keep
each image's PSNR at --min_psnr; `universal` adds one residual to all images.
The same command resumes a run that was stopped.
"""

import pathlib

import keras
from absl import flags

from malicious_ae.batches import Augmentation, FrameBatches
from malicious_ae.classes import check_same
from malicious_ae.data import Frames
from malicious_ae.device import DEVICES, use_device
from malicious_ae.flags import data_classes, define_data_flags
from malicious_ae.game import OBJECTIVES, AttackGame, AttackRules
from malicious_ae.models import load_victim, read_victim_config
from malicious_ae.networks import BOUNDS, KINDS, build_attacker
from malicious_ae.validation import Validation
from malicious_ae.weighing import class_weights
from shared.errors import UserError, no_arguments, run_main
from shared.fit import fit_run, resume
from shared.presets import define_preset_flags, preset_settings
from shared.segmentation.class_weights import WEIGHINGS
from shared.training import (
    define_training_flags,
    distribution_scope,
    limit_threads,
    open_run,
)

FLAGS = flags.FLAGS

_BOUNDED = dict(
    bound="psnr",
    objective="misread",
    learning_rate=2e-3,
    weight_decay=0.0,
    batch_size=4,
    epochs=10,
)
PRESETS = {
    "reference": dict(
        kind="reference",
        bound="none",
        objective="reference",
        learning_rate=5e-4,
        weight_decay=2e-4,
        batch_size=10,
        epochs=10,
    ),
    "affine": _BOUNDED | dict(kind="reference"),
    "autoencoder": _BOUNDED | dict(kind="autoencoder"),
    "universal": _BOUNDED | dict(kind="universal", learning_rate=5e-3),
}


HELP = {
    "kind": "The attacker's network.",
    "bound": "What limits the change.",
    "objective": "What it wants.",
    "learning_rate": "Adam's.",
    "weight_decay": "L2 term.",
    "batch_size": "Frames a step.",
    "epochs": "Epochs altogether.",
}

CHOICES = {
    "kind": list(KINDS),
    "bound": list(BOUNDS),
    "objective": list(OBJECTIVES),
}


def define_flags() -> None:
    """Defines the command's flags; defaults come from the preset."""
    define_training_flags()
    define_data_flags()
    flags.DEFINE_string(
        "victim", "camvid", "Name of a shipped victim, or its run directory."
    )
    define_preset_flags(PRESETS, "autoencoder", HELP.__getitem__, CHOICES)
    flags.DEFINE_float(
        "min_psnr", 30.0, "bound=psnr: least PSNR of each image in dB."
    )
    flags.DEFINE_float(
        "epsilon", 8.0, "bound=linf: greatest change of a value, of 255."
    )
    flags.DEFINE_string(
        "source", None, "objective=targeted: class that is attacked."
    )
    flags.DEFINE_string(
        "target",
        None,
        "objective=targeted: class to read it as. Default: it vanishes.",
    )
    flags.DEFINE_float(
        "keep", 1.0, "objective=targeted: weight of all other classes."
    )
    flags.DEFINE_enum(
        "weighing", "enet", list(WEIGHINGS), "How classes weigh in the loss."
    )
    flags.DEFINE_integer("crop_height", None, "Train on random crops: height.")
    flags.DEFINE_integer("crop_width", None, "Train on random crops: width.")
    flags.DEFINE_bool("flip", True, "Mirror half of the frames.")
    flags.DEFINE_integer(
        "val_every",
        3,
        "Epochs between validations; the first and the last have one always.",
    )
    flags.DEFINE_enum("device", "auto", list(DEVICES), "What to train on.")


def attack_rules(objective: str, classes) -> AttackRules:
    """What the flags ask for.

    Raises:
        UserError: If they name no class, or do not belong together.
    """
    indices = {"source": None, "target": None}
    for flag in indices:
        if FLAGS[flag].value is not None:
            try:
                indices[flag] = classes.index(FLAGS[flag].value)
            except ValueError as error:
                raise UserError(f"--{flag}: {error}") from error
    try:
        return AttackRules(objective, keep=FLAGS.keep, **indices)
    except ValueError as error:
        raise UserError(f"--objective, --source, --target: {error}") from error


def build_game(settings, size, weights, rules, steps) -> AttackGame:
    """Makes attacker and victim at one size, the victim frozen."""
    attacker = build_attacker(
        settings["kind"],
        *size,
        settings["bound"],
        FLAGS.epsilon / 255,
        FLAGS.min_psnr,
    )
    schedule = settings["learning_rate"]
    if settings["objective"] != "reference":
        schedule = keras.optimizers.schedules.CosineDecay(schedule, steps)
    return AttackGame(
        attacker,
        load_victim(FLAGS.victim, *size),
        weights,
        rules,
        schedule,
        settings["weight_decay"],
    )


def chain(attacker, victim) -> keras.Model:
    """The victim behind the attacker, as one model that shares weights."""
    image = keras.Input(attacker.input_shape[1:], name="image")
    logits = victim(attacker(image, training=False), training=False)
    return keras.Model(image, logits, name="attacked_victim")


def train(run_dir, settings, size, frames, val_frames) -> None:
    """Trains to the last epoch, from the last checkpoint if there is one."""
    classes = frames.classes
    ignored = [classes.unlabeled]
    weights = class_weights(frames, FLAGS.weighing, ignored)
    crop = (FLAGS.crop_height or size[0], FLAGS.crop_width or size[1])
    try:
        batches = FrameBatches(
            frames,
            *crop,
            settings["batch_size"],
            FLAGS.seed,
            Augmentation(flip=FLAGS.flip),
            classes.unlabeled,
        )
    except ValueError as error:
        raise UserError(f"--batch_size: {error}") from error
    steps = settings["epochs"] * len(batches)
    rules = attack_rules(settings["objective"], classes)

    keras.utils.set_random_seed(FLAGS.seed)
    with distribution_scope(FLAGS.distribute):
        try:
            game = build_game(settings, crop, weights, rules, steps)
        except ValueError as error:
            raise UserError(
                f"--crop_height, --crop_width, --epsilon, --min_psnr: {error}"
            ) from error
        game.compile(
            jit_compile=FLAGS.jit_compile,
            steps_per_execution=FLAGS.steps_per_execution,
        )
    state = resume(game, run_dir)
    batches.epoch = state["step"] // len(batches)

    whole = game.attacker
    judge_victim = game.victim
    if crop != size:
        whole = build_attacker(
            settings["kind"],
            *size,
            settings["bound"],
            FLAGS.epsilon / 255,
            FLAGS.min_psnr,
        )
        judge_victim = load_victim(FLAGS.victim, *size)
    attacked_victim = chain(whole, judge_victim)
    attacked_victim.compile(jit_compile=FLAGS.jit_compile)

    def judge():
        if whole is not game.attacker:
            whole.set_weights(game.attacker.get_weights())
        return attacked_victim

    validation = Validation(
        judge, val_frames, ignored, FLAGS.val_every, state["schedule"]
    )
    fit_run(
        game,
        batches,
        run_dir,
        steps=steps,
        steps_per_epoch=len(batches),
        first_step=state["step"],
        exports={"attacker": game.attacker},
        describe=validation.describe,
        get_state=validation.get_state,
        callbacks=[validation],
    )


def main(arguments) -> None:
    """Runs the command."""
    no_arguments(arguments)
    use_device(FLAGS.device)
    limit_threads(FLAGS.threads)
    settings = preset_settings(PRESETS)
    _, victim = read_victim_config(FLAGS.victim)
    classes, flag = data_classes()
    check_same(victim["classes"], classes, flag)
    if settings["kind"] == "universal" and (
        FLAGS.crop_height or FLAGS.crop_width
    ):
        raise UserError(
            "--crop_height, --crop_width: one residual for whole images "
            "cannot learn from crops; leave the flags out"
        )
    size = (victim["height"], victim["width"])
    attack_rules(settings["objective"], classes)
    frames, val_frames = (
        Frames(FLAGS.dataset, FLAGS.dataset_dir, split, *size, classes=classes)
        for split in ("train", "val")
    )
    for part in (frames, val_frames):
        part.check_labelled([classes.unlabeled])
    keras.config.set_dtype_policy(FLAGS.precision)
    run_dir = open_run(
        pathlib.Path(FLAGS.run_dir),
        {k: v for k, v in settings.items() if k != "epochs"}
        | ({"classes": classes.record} if FLAGS.classes else {})
        | {
            "dataset": FLAGS.dataset,
            "preset": FLAGS.preset,
            "victim": FLAGS.victim,
            "height": size[0],
            "width": size[1],
            "epsilon": FLAGS.epsilon / 255,
            "min_psnr": FLAGS.min_psnr,
            "source": FLAGS.source,
            "target": FLAGS.target,
            "keep": FLAGS.keep,
            "weighing": FLAGS.weighing,
            "crop_height": FLAGS.crop_height or size[0],
            "crop_width": FLAGS.crop_width or size[1],
            "flip": FLAGS.flip,
            "seed": FLAGS.seed,
        },
    )
    print(f"{len(frames)} frames; run directory {run_dir}")
    train(run_dir, settings, size, frames, val_frames)


if __name__ == "__main__":
    define_flags()
    run_main(main)
