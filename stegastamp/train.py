"""Trains StegaStamp on a folder of photos.

    python -m stegastamp.train --images_dir photos --run_dir runs/mine

The small preset (128 px, 100 bits) trains on two CPU cores; the paper's
(400 px) wants a GPU. The same command resumes a run that was stopped.
"""

import dataclasses
import os
import pathlib

import keras
from absl import flags

from shared.command import no_arguments, run_main
from shared.errors import UserError
from shared.training import (
    CHECKPOINTS,
    METRICS,
    RunOptions,
    fit_run,
    load_weights,
    resume,
    sync_weights,
)
from stegastamp.data import PhotoBatches, load_photos
from stegastamp.game import StampGame, build_rules
from stegastamp.pictures import training_strips
from stegastamp.presets import IMAGE_LOSS_DECADES, SETTINGS, STAGES
from stegastamp.schedule import KNOBS, RAMPS, GatedSchedule, PaperSchedule

STALLED = "stalled-seed-"


def define_flags(values=flags.FLAGS) -> None:
    """Defines the command's flags; defaults come from the preset."""
    RunOptions.define_flags(values)
    flags.DEFINE_multi_string(
        "images_dir",
        None,
        "Folder of photos; may be given several times.",
        flag_values=values,
    )
    SETTINGS.define_flags(values)


def build_schedule(settings: dict):
    """Makes the schedule the settings name."""
    if settings["schedule"] == "gated":
        ramp = settings["image_loss_ramp"]
        stages = [
            dataclasses.replace(stage, ramp=ramp)
            if ramp and stage.name == "image loss"
            else stage
            for stage in STAGES[: 4 if settings["no_gan"] else 5]
        ]
        return GatedSchedule(
            tuple(stages), IMAGE_LOSS_DECADES, settings["patience"]
        )
    if settings["schedule"] == "full":
        return PaperSchedule({}, no_image_loss_steps=0, edge_delay=0)
    return PaperSchedule(
        {knob: settings[name] for knob, name in RAMPS.items() if name},
        settings["no_im_loss_steps"],
        settings["l2_edge_delay"],
    )


class FollowSchedule(keras.callbacks.Callback):
    """Tells the schedule how it goes, and the game and data what follows."""

    def __init__(self, schedule, batches, steps_per_epoch):
        super().__init__()
        self.schedule = schedule
        self.batches = batches
        self.steps_per_epoch = steps_per_epoch

    def on_train_begin(self, logs=None):
        self._apply(self.batches.step)

    def on_epoch_end(self, epoch, logs=None):
        step = (epoch + 1) * self.steps_per_epoch
        self.schedule.update(step, logs["bit_accuracy"], self.steps_per_epoch)
        self._apply(step)
        if self.schedule.stalled:
            self.model.stop_training = True

    def _apply(self, step):
        sync_weights(self.model)
        levels = self.schedule.levels(step)
        self.model.levels.assign([levels[knob] for knob in KNOBS])
        self.batches.one_batch = self.schedule.one_batch


def learning_rate(settings: dict):
    """A constant rate; but for the paper's it falls in the last quarter."""
    rate, steps = settings["learning_rate"], settings["steps"]
    if settings["schedule"] == "paper":
        return rate
    return keras.optimizers.schedules.PiecewiseConstantDecay(
        [int(0.75 * steps), int(0.9 * steps)], [rate, rate / 3, rate / 10]
    )


def train_once(options, settings: dict, photos, seed: int):
    """Trains one seed to the end, or until its secret has stalled.

    Args:
        options: RunOptions; its run directory exists.
        settings: Those of `SETTINGS`.
        photos: uint8 [H, W, 3] arrays.
        seed: Of weights, data and damage.

    Returns:
        The schedule, as it stands at the end.
    """
    per_epoch = settings["steps_per_epoch"]
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    with options.scope():
        game = StampGame(
            build_rules(settings),
            seed,
            learning_rate(settings),
            perceptual=perceptual(settings),
        )
        game.compile(**options.compiling)
    networks = {"encoder": game.encoder, "decoder": game.decoder}
    schedule = build_schedule(settings)

    state = resume(game, options.run_dir)
    if state["step"]:
        schedule.set_state(state["schedule"])
    elif settings["pretrained"]:
        for name, network in networks.items():
            path = pathlib.Path(settings["pretrained"]) / f"{name}.weights.h5"
            if not path.exists():
                raise UserError(f"--pretrained: {path} does not exist")
            load_weights(network, path)

    batches = PhotoBatches(
        photos,
        settings["height"],
        settings["width"],
        settings["secret_size"],
        settings["batch_size"],
        per_epoch,
        seed,
        state["step"],
    )
    watched = [part[:6] for part in batches[0]]
    fit_run(
        game,
        batches,
        options,
        steps=settings["steps"],
        steps_per_epoch=per_epoch,
        first_step=state["step"],
        exports=networks,
        pictures=lambda: training_strips(game, *watched),
        describe=schedule.describe,
        get_state=schedule.get_state,
        marks=lambda: schedule.opened,
        callbacks=[FollowSchedule(schedule, batches, per_epoch)],
    )
    return schedule


def put_aside(run_dir: pathlib.Path, seed: int) -> None:
    """Moves a stalled seed's curve and checkpoints out of the way."""
    aside = run_dir / f"{STALLED}{seed}"
    aside.mkdir(exist_ok=True)
    for name in (METRICS, CHECKPOINTS):
        os.replace(run_dir / name, aside / name)


def perceptual(settings: dict):
    """The perceptual distance that settings ask for; None means MS-SSIM."""
    if not settings["lpips"]:
        return None
    from shared.metrics.lpips import load_lpips

    return load_lpips(settings["lpips"])


def train(options: RunOptions, settings: dict, photos):
    """Trains to the last step, with another seed where a secret stalls.

    A run that was stopped goes on.

    Args:
        options: How the training is run.
        settings: What is learned: `SETTINGS.choose("small", steps=5000)`.
        photos: uint8 RGB [H, W, 3] arrays, of any size.

    Returns:
        The schedule, as it stands at the end.

    Raises:
        UserError: If the run directory holds a run of other settings, or
            every seed stalls.
    """
    run_dir = options.open_run(SETTINGS, settings)
    first = len(list(run_dir.glob(f"{STALLED}*")))
    with options.policy():
        for attempt in range(first, settings["max_restarts"] + 1):
            seed = options.seed + attempt
            schedule = train_once(options, settings, photos, seed)
            if not schedule.stalled:
                return schedule
            put_aside(run_dir, seed)
            print(f"seed {seed} stalled by step {settings['patience']}")
    raise UserError(
        f"the secret stalled with {settings['max_restarts'] + 1} seeds; "
        "lower --learning_rate or use more photos"
    )


def main(arguments, values=flags.FLAGS) -> None:
    """Runs the command."""
    no_arguments(arguments)
    options, settings = (
        RunOptions.from_flags(values),
        SETTINGS.from_flags(values),
    )
    if not values.images_dir:
        raise UserError("--images_dir is missing: a folder of photos")
    options.limit_threads()
    photos = load_photos(
        values.images_dir, settings["height"], settings["width"]
    )
    print(f"{len(photos)} photos; run directory {options.run_dir}")
    if settings["lpips_loss_scale"] and not settings["lpips"]:
        print("perceptual loss: 1 - MS-SSIM (no --lpips file given)")
    schedule = train(options, settings, photos)
    print(f"done: {options.run_dir} ({schedule.describe()})")


if __name__ == "__main__":
    define_flags()
    run_main(main)
