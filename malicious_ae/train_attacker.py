"""Trains an attacker on a frozen victim.

    python -m malicious_ae.train_attacker --dataset_dir camvid --run_dir runs/ae

Presets: `reference` is the original, a 440-weight autoencoder without a
bound; `autoencoder` (small, nonlinear) and `affine` (the 440 weights) keep
each image's PSNR at --min_psnr; `universal` adds one residual to all images.
The same command resumes a run that was stopped.
"""

import keras
from absl import flags

from malicious_ae.batches import Augmentation, FrameBatches
from malicious_ae.classes import check_same
from malicious_ae.data import Frames
from malicious_ae.device import DEVICES, use_device
from malicious_ae.flags import data_classes, define_data_flags
from malicious_ae.game import AttackGame, AttackRules
from malicious_ae.models import load_victim, read_victim_config
from malicious_ae.networks import build_attacker
from malicious_ae.presets import ATTACKER_SETTINGS as SETTINGS
from malicious_ae.validation import Validation
from malicious_ae.weighing import class_weights
from shared.command import no_arguments, run_main
from shared.errors import UserError
from shared.training import RunOptions, fit_run, resume


def define_flags(values=flags.FLAGS) -> None:
    """Defines the command's flags; defaults come from the preset."""
    RunOptions.define_flags(values)
    define_data_flags(values)
    flags.DEFINE_enum(
        "device",
        "auto",
        list(DEVICES),
        "What to train on.",
        flag_values=values,
    )
    SETTINGS.define_flags(values)


def attack_rules(settings: dict, classes) -> AttackRules:
    """What the settings ask for.

    Raises:
        UserError: If they name no class, or do not belong together.
    """
    indices = {"source": None, "target": None}
    for name in indices:
        if settings[name] is not None:
            try:
                indices[name] = classes.index(settings[name])
            except ValueError as error:
                raise UserError(f"--{name}: {error}") from error
    try:
        return AttackRules(
            settings["objective"], keep=settings["keep"], **indices
        )
    except ValueError as error:
        raise UserError(f"--objective, --source, --target: {error}") from error


def attacker_of(settings: dict, size) -> keras.Model:
    """Makes the attacker for images of one size, a pair of sides."""
    return build_attacker(
        settings["kind"],
        *size,
        settings["bound"],
        settings["epsilon"] / 255,
        settings["min_psnr"],
    )


def build_game(settings, size, weights, rules, steps) -> AttackGame:
    """Makes attacker and victim at one size, the victim frozen.

    Raises:
        UserError: If no attacker can be made so.
    """
    schedule = settings["learning_rate"]
    if settings["objective"] != "reference":
        schedule = keras.optimizers.schedules.CosineDecay(schedule, steps)
    try:
        return AttackGame(
            attacker_of(settings, size),
            load_victim(settings["victim"], *size),
            weights,
            rules,
            schedule,
            settings["weight_decay"],
        )
    except ValueError as error:
        raise UserError(
            f"--crop_height, --crop_width, --epsilon, --min_psnr: {error}"
        ) from error


def chain(attacker, victim) -> keras.Model:
    """The victim behind the attacker, as one model that shares weights."""
    image = keras.Input(attacker.input_shape[1:], name="image")
    logits = victim(attacker(image, training=False), training=False)
    return keras.Model(image, logits, name="attacked_victim")


def train(options: RunOptions, settings: dict, frames, val_frames) -> None:
    """Trains to the last epoch; a run that was stopped goes on.

    Args:
        options: How the training is run.
        settings: What is learned: `SETTINGS.choose("universal", epochs=4)`.
        frames: `data.Frames` to learn from, of the victim's classes.
        val_frames: The like of the same size, to measure the attack on.

    Raises:
        UserError: If the run directory holds a run of other settings, or a
            setting does not fit the frames.
    """
    crops = (settings["crop_height"], settings["crop_width"])
    if settings["kind"] == "universal" and any(crops):
        raise UserError(
            "--crop_height, --crop_width: one residual for whole images "
            "cannot learn from crops; leave the flags out"
        )
    crop = tuple(
        part or side for part, side in zip(crops, frames.size, strict=True)
    )
    classes = frames.classes
    _, victim = read_victim_config(settings["victim"])
    check_same(victim["classes"], classes, "frames")
    rules = attack_rules(settings, classes)
    for part in (frames, val_frames):
        part.check_labelled([classes.unlabeled])
    try:
        batches = FrameBatches(
            frames,
            *crop,
            settings["batch_size"],
            options.seed,
            Augmentation(flip=settings["flip"]),
            classes.unlabeled,
        )
    except ValueError as error:
        raise UserError(f"--batch_size: {error}") from error
    stated = {
        "crop_height": crop[0],
        "crop_width": crop[1],
        "epsilon": settings["epsilon"] / 255,
    }
    options.open_run(SETTINGS, settings | stated, **frames.facts)
    weights = class_weights(frames, settings["weighing"], [classes.unlabeled])
    with options.policy():
        fit(options, settings, batches, weights, rules, val_frames)


def fit(options, settings, batches, weights, rules, val_frames) -> None:
    """Trains on batches, from the run's last checkpoint if it has one.

    Args:
        options: RunOptions; its run directory exists.
        settings: Those of `SETTINGS`.
        batches: FrameBatches of whole frames or of crops.
        weights: float32 [classes], how much each counts.
        rules: AttackRules.
        val_frames: Whole frames to measure the attack on.
    """
    per_epoch = len(batches)
    steps = settings["epochs"] * per_epoch
    keras.utils.set_random_seed(options.seed)
    with options.scope():
        game = build_game(settings, batches.size, weights, rules, steps)
        game.compile(**options.compiling)
    state = resume(game, options.run_dir)
    batches.step = state["step"]

    whole, judge_victim = game.attacker, game.victim
    if batches.size != val_frames.size:
        whole = attacker_of(settings, val_frames.size)
        judge_victim = load_victim(settings["victim"], *val_frames.size)
    attacked_victim = chain(whole, judge_victim)
    attacked_victim.compile(jit_compile=options.jit_compile)

    def judge():
        if whole is not game.attacker:
            whole.set_weights(game.attacker.get_weights())
        return attacked_victim

    validation = Validation(
        judge,
        val_frames,
        [val_frames.classes.unlabeled],
        settings["val_every"],
        state["schedule"],
    )
    fit_run(
        game,
        batches,
        options,
        steps=steps,
        steps_per_epoch=per_epoch,
        first_step=state["step"],
        exports={"attacker": game.attacker},
        describe=validation.describe,
        get_state=validation.get_state,
        callbacks=[validation],
    )


def main(arguments, values=flags.FLAGS) -> None:
    """Runs the command."""
    no_arguments(arguments)
    options = RunOptions.from_flags(values)
    settings = SETTINGS.from_flags(values)
    use_device(values.device)
    options.limit_threads()
    _, victim = read_victim_config(settings["victim"])
    classes, flag = data_classes(values)
    check_same(victim["classes"], classes, flag)
    size = (victim["height"], victim["width"])
    frames, val_frames = (
        Frames(
            values.dataset,
            values.dataset_dir,
            split,
            *size,
            classes=classes,
        )
        for split in ("train", "val")
    )
    print(f"{len(frames)} frames; run directory {options.run_dir}")
    train(options, settings, frames, val_frames)


if __name__ == "__main__":
    define_flags()
    run_main(main)
