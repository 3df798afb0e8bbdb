"""Trains StegaStamp on a folder of photos.

    python -m stegastamp.train --images_dir photos --run_dir runs/mine

The small preset (128 px, 100 bits) trains on two CPU cores; the paper's
(400 px) wants a GPU. The same command resumes a run that was stopped.
"""

import os
import pathlib

import keras
from absl import flags

from shared.errors import UserError, no_arguments, run_main
from shared.fit import fit_run, resume
from shared.presets import define_preset_flags, preset_settings
from shared.run_files import load_weights
from shared.training import (
    CHECKPOINTS,
    METRICS,
    define_training_flags,
    distribution_scope,
    limit_threads,
    open_run,
    sync_weights,
)
from stegastamp.data import PhotoBatches, load_photos
from stegastamp.distortions import Strengths
from stegastamp.game import BORDERS, Rules, StampGame
from stegastamp.pictures import training_strips
from stegastamp.presets import (
    IMAGE_LOSS_DECADES,
    PRESETS,
    STAGES,
    stated_since,
)
from stegastamp.schedule import KNOBS, GatedSchedule, PaperSchedule

FLAGS = flags.FLAGS

STALLED = "stalled-seed-"

# How a flag's knob is called in the schedule.
RAMPS = {
    "trans": "rnd_trans_ramp",
    "align": "rnd_trans_ramp",
    "brightness": "rnd_bri_ramp",
    "hue": "rnd_hue_ramp",
    "saturation": "rnd_sat_ramp",
    "contrast": "contrast_ramp",
    "noise": "rnd_noise_ramp",
    "jpeg": "jpeg_quality_ramp",
    "secret": "secret_loss_ramp",
    "l2": "l2_loss_ramp",
    "lpips": "lpips_loss_ramp",
    "critic": "G_loss_ramp",
    "edge": "l2_edge_ramp",
}

CHOICES = {
    "schedule": ["gated", "paper"],
    "borders": list(BORDERS),
    "jpeg_rounding": ["cubic", "cubic_zero"],
}

HELP = {
    "height": "Network height in pixels, a multiple of 16.",
    "width": "Network width in pixels, a multiple of 16.",
    "secret_size": "Bits of a secret.",
    "transformer": "Start the decoder with a spatial transformer.",
    "zero_mean": "Take the mean colour off the residual.",
    "batch_size": "Photos a step.",
    "steps": "Steps of the whole training.",
    "learning_rate": "Of encoder and decoder.",
    "schedule": "gated starts a difficulty on success, paper by step.",
    "borders": "What surrounds the warped stamp.",
    "no_im_loss_steps": "paper: steps in which only the secret counts.",
    "rnd_trans": "Corner shift of the warp around the encoder, of the width.",
    "rnd_align": "Corner shift which stays before the decoder, of the width.",
    "rnd_blur": "Probability of a blur.",
    "blur_sigma": "Largest sigma of the Gaussian blur, in pixels.",
    "rnd_bri": "Largest brightness shift.",
    "rnd_noise": "Largest standard deviation of the noise.",
    "rnd_sat": "Largest share of colour taken away.",
    "rnd_hue": "Largest shift of one channel.",
    "contrast_low": "Least contrast.",
    "contrast_high": "Largest contrast.",
    "jpeg_quality": "Least JPEG quality.",
    "no_jpeg": "Leave JPEG out of the chain.",
    "jpeg_scale": "Enlarge photos so many times while JPEG has them.",
    "jpeg_rounding": "What stands for JPEG's rounding.",
    "no_gan": "Leave the critic out.",
    "secret_loss_scale": "Weight of the secret's cross-entropy.",
    "l2_loss_scale": "Weight of the YUV loss.",
    "lpips_loss_scale": "Weight of the perceptual loss.",
    "G_loss_scale": "Weight of the critic in the encoder's loss.",
    "l2_edge_gain": "How much more the border counts than the middle.",
    "l2_edge_delay": "paper: step at which the edge gain starts.",
    "y_scale": "Weight of Y in the YUV loss.",
    "u_scale": "Weight of U in the YUV loss.",
    "v_scale": "Weight of V in the YUV loss.",
    "flat_gain": "How much more flat regions count in the YUV loss.",
}


def define_flags() -> None:
    """Defines the command's flags; defaults come from the preset."""
    define_training_flags()
    flags.DEFINE_multi_string(
        "images_dir", None, "Folder of photos; may be given several times."
    )
    define_preset_flags(PRESETS, "small", _help, CHOICES)
    flags.DEFINE_string(
        "pretrained", None, "Run or model directory whose weights to start at."
    )
    flags.DEFINE_string(
        "lpips", None, "LPIPS weights (.h5); without them MS-SSIM is used."
    )
    flags.DEFINE_integer(
        "steps_per_epoch", 100, "Steps between checkpoints and gate checks."
    )
    flags.DEFINE_integer(
        "patience", 3000, "gated: steps to wait for the first gate."
    )
    flags.DEFINE_integer("max_restarts", 3, "gated: fresh seeds to try.")
    flags.DEFINE_integer(
        "image_loss_ramp", None, "gated: steps of the image loss's rise."
    )
    flags.mark_flag_as_required("images_dir")


def _help(name: str) -> str:
    return HELP.get(name, f"paper: steps of {name[:-5]}'s rise.")


def build_rules(settings: dict) -> Rules:
    """Turns settings into the game's rules."""
    s = settings
    return Rules(
        height=s["height"],
        width=s["width"],
        secret_size=s["secret_size"],
        transformer=s["transformer"],
        borders=s["borders"],
        trans=s["rnd_trans"],
        secret_scale=s["secret_loss_scale"],
        l2_scale=s["l2_loss_scale"],
        yuv_scales=(s["y_scale"], s["u_scale"], s["v_scale"]),
        edge_gain=s["l2_edge_gain"],
        flat_gain=s["flat_gain"],
        lpips_scale=s["lpips_loss_scale"],
        critic_scale=0.0 if s["no_gan"] else s["G_loss_scale"],
        zero_mean=s["zero_mean"],
        strengths=Strengths(
            align=s["rnd_align"],
            blur=s["rnd_blur"],
            blur_sigma=s["blur_sigma"],
            brightness=s["rnd_bri"],
            hue=s["rnd_hue"],
            contrast_low=s["contrast_low"],
            contrast_high=s["contrast_high"],
            saturation=s["rnd_sat"],
            noise=s["rnd_noise"],
            jpeg_quality=s["jpeg_quality"],
            jpeg=not s["no_jpeg"],
            jpeg_scale=s["jpeg_scale"],
            jpeg_rounding=s["jpeg_rounding"],
        ),
    )


def build_schedule(settings: dict, patience: int, image_loss_ramp=None):
    """Makes the schedule the settings name."""
    if settings["schedule"] == "gated":
        stages = [
            stage
            if stage.name != "image loss" or not image_loss_ramp
            else type(stage)(
                stage.name, image_loss_ramp, stage.hold, stage.gate
            )
            for stage in STAGES[: 4 if settings["no_gan"] else 5]
        ]
        return GatedSchedule(tuple(stages), IMAGE_LOSS_DECADES, patience)
    return PaperSchedule(
        {knob: settings[flag] for knob, flag in RAMPS.items()},
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
    """A constant rate, which falls in the last quarter of a gated run."""
    rate, steps = settings["learning_rate"], settings["steps"]
    if settings["schedule"] == "paper":
        return rate
    return keras.optimizers.schedules.PiecewiseConstantDecay(
        [int(0.75 * steps), int(0.9 * steps)], [rate, rate / 3, rate / 10]
    )


def train_once(run_dir: pathlib.Path, settings: dict, photos, seed: int):
    """Trains one seed to the end, or until its secret has stalled.

    Returns:
        The schedule, as it stands at the end.
    """
    per_epoch = FLAGS.steps_per_epoch
    keras.backend.clear_session()
    with distribution_scope(FLAGS.distribute):
        game = StampGame(
            build_rules(settings), seed, learning_rate(settings), perceptual()
        )
        game.compile(
            jit_compile=FLAGS.jit_compile,
            steps_per_execution=FLAGS.steps_per_execution,
        )
    networks = {"encoder": game.encoder, "decoder": game.decoder}
    schedule = build_schedule(settings, FLAGS.patience, FLAGS.image_loss_ramp)

    state = resume(game, run_dir)
    if state["step"]:
        schedule.set_state(state["schedule"])
    elif FLAGS.pretrained:
        for name, network in networks.items():
            path = pathlib.Path(FLAGS.pretrained) / f"{name}.weights.h5"
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
        run_dir,
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


def perceptual():
    """The perceptual distance the flags ask for; None means MS-SSIM."""
    if not FLAGS.lpips:
        return None
    from shared.metrics.lpips import load_lpips

    return load_lpips(FLAGS.lpips)


def main(argv) -> None:
    """Runs the command: trains, with another seed where a secret stalls."""
    no_arguments(argv)
    settings = preset_settings(PRESETS)
    limit_threads(FLAGS.threads)
    keras.config.set_dtype_policy(FLAGS.precision)
    fixed = {k: v for k, v in settings.items() if k != "steps"}
    run_dir = open_run(
        FLAGS.run_dir,
        fixed | {"preset": FLAGS.preset, "seed": FLAGS.seed},
        earlier=stated_since,
    )
    photos = load_photos(
        FLAGS.images_dir, settings["height"], settings["width"]
    )
    print(f"{len(photos)} photos; run directory {run_dir}")
    if settings["lpips_loss_scale"] and not FLAGS.lpips:
        print("perceptual loss: 1 - MS-SSIM (no --lpips file given)")

    first = len(list(run_dir.glob(f"{STALLED}*")))
    for attempt in range(first, FLAGS.max_restarts + 1):
        seed = FLAGS.seed + attempt
        schedule = train_once(run_dir, settings, photos, seed)
        if not schedule.stalled:
            print(f"done: {run_dir} ({schedule.describe()})")
            return
        put_aside(run_dir, seed)
        print(f"seed {seed} stalled by step {FLAGS.patience}")
    raise UserError(
        f"the secret stalled with {FLAGS.max_restarts + 1} seeds; "
        "lower --learning_rate or use more photos"
    )


if __name__ == "__main__":
    define_flags()
    run_main(main)
