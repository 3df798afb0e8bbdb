"""Trains Alice, Bob and Eve on a folder of photos.

    python -m stego.train --images_dir photos --run_dir runs/mine
    python -m stego.train --images_dir faces --run_dir runs/paper \\
        --preset paper --val_dir other_faces

The same command resumes a run that was stopped.
"""

import keras
from absl import flags

from shared.errors import UserError, no_arguments, run_main
from shared.fit import fit_run, resume
from shared.photo_folders import load_folders
from shared.presets import define_preset_flags, preset_settings
from shared.run_files import load_weights
from shared.training import (
    define_training_flags,
    distribution_scope,
    limit_threads,
    open_run,
    sync_weights,
)
from stego.data import CROPS, TileBatches
from stego.game import (
    ARCHITECTURES,
    IMAGE_LOSSES,
    MESSAGE_LOSSES,
    Rules,
    StegoGame,
)
from stego.held_out import HeldOut
from stego.pictures import training_strips
from stego.presets import PRESETS

FLAGS = flags.FLAGS

# Tiles on which held-out bits are counted: 25,600 bits at 100 a tile.
HELD_OUT_TILES = 256

CHOICES = {
    "architecture": list(ARCHITECTURES),
    "crop": list(CROPS),
    "eve_optimizer": ["sgd", "adam"],
    "image_loss": list(IMAGE_LOSSES),
    "message_loss": list(MESSAGE_LOSSES),
}

HELP = {
    "architecture": "The networks: the paper's, or small residual ones.",
    "output_size": "Side of the images in pixels: 32 or 64.",
    "msg_len": "Bits of a message.",
    "crop": "Tiles: the middle of each photo, or random ones.",
    "batch_size": "Tiles a step.",
    "steps": "Steps of the whole training.",
    "learning_rate": "Of Alice and Bob.",
    "eve_optimizer": "Eve's; with adam she may win at once.",
    "eve_learning_rate": "Of Eve.",
    "a": "Weight of Eve in Alice and Bob's loss.",
    "b": "Weight of the difference of cover and stego image.",
    "c": "Weight of Bob's reading.",
    "image_loss": "Mean absolute (l1) or square (l2) difference.",
    "message_loss": "Square error of values or cross-entropy of logits.",
    "rounding": "Train on stego images as a PNG file holds them.",
    "target_bits": "Share of correct bits above which b grows, and below "
    "which it shrinks; 0 keeps b.",
    "growth": "Factor of b's growth an epoch.",
}


def define_flags() -> None:
    """Defines the command's flags; defaults come from the preset."""
    define_training_flags()
    flags.DEFINE_multi_string(
        "images_dir", None, "Folder of photos; may be given several times."
    )
    flags.DEFINE_string(
        "val_dir",
        None,
        "Folder of photos that nobody learns from; the bits that Bob reads "
        "from them are counted after each epoch.",
    )
    define_preset_flags(PRESETS, "modern", HELP.get, CHOICES)
    flags.DEFINE_string(
        "pretrained", None, "Run or model directory whose weights to start at."
    )
    flags.DEFINE_integer(
        "steps_per_epoch", 50, "Steps between checkpoints.", lower_bound=1
    )
    flags.mark_flag_as_required("images_dir")


def settings_from_flags() -> dict:
    """Merges the preset with the flags that were given.

    Raises:
        UserError: naming the flag, for a size that no network has.
    """
    settings = preset_settings(PRESETS)
    if settings["output_size"] not in (32, 64):
        raise UserError(
            f"--output_size={settings['output_size']}: must be 32 or 64"
        )
    for name in ("msg_len", "batch_size", "steps"):
        if settings[name] < 1:
            raise UserError(f"--{name}={settings[name]}: must be positive")
    return settings


def build_game(settings: dict) -> StegoGame:
    """Makes the game the settings describe.

    Raises:
        UserError: naming the flag, if the message does not fit the images.
    """
    try:
        return StegoGame(
            build_rules(settings),
            FLAGS.seed,
            learning_rate(settings),
            settings["eve_optimizer"],
            settings["eve_learning_rate"],
        )
    except ValueError as error:
        raise UserError(f"--msg_len: {error}") from error


def build_rules(settings: dict) -> Rules:
    """Turns settings into the game's rules."""
    names = [field for field in Rules.__dataclass_fields__]
    return Rules(**{name: settings[name] for name in names})


class FollowBits(keras.callbacks.Callback):
    """Lets the image count more while Bob reads well, else less.

    Args:
        target: Share of correct bits at which the image's weight stays.
        growth: Factor of an epoch.
    """

    def __init__(self, target: float, growth: float):
        super().__init__()
        self.target = target
        self.growth = growth

    def on_epoch_end(self, epoch, logs=None):
        if self.target:
            sync_weights(self.model)
            well = logs["bit_accuracy"] >= self.target
            factor = self.growth if well else 1.0 / self.growth
            pressure = self.model.pressure
            pressure.assign(float(pressure) * factor)


def learning_rate(settings: dict):
    """The paper's constant rate; others fall along a cosine."""
    if settings["architecture"] == "paper":
        return settings["learning_rate"]
    return keras.optimizers.schedules.CosineDecay(
        settings["learning_rate"], settings["steps"], alpha=0.02
    )


def cut_batches(photos, settings, batch_size, seed, steps=1, first_step=0):
    """Batches as the settings cut them."""
    return TileBatches(
        photos,
        settings["output_size"],
        settings["msg_len"],
        batch_size,
        settings["crop"],
        steps,
        seed,
        first_step,
    )


def train(run_dir, settings: dict, photos, held_out) -> None:
    """Trains a run to its last step, from its newest checkpoint.

    Args:
        run_dir: The run directory, which exists.
        settings: What `settings_from_flags` returned.
        photos: uint8 RGB arrays to learn from.
        held_out: The like to count bits on; may be empty.
    """
    per_epoch = FLAGS.steps_per_epoch
    with distribution_scope(FLAGS.distribute):
        game = build_game(settings)
        game.compile(
            jit_compile=FLAGS.jit_compile,
            steps_per_execution=FLAGS.steps_per_execution,
        )
    players = {"alice": game.alice, "bob": game.bob, "eve": game.eve}
    first_step = resume(game, run_dir)["step"]
    if FLAGS.pretrained and not first_step:
        for name, network in players.items():
            load_weights(network, f"{FLAGS.pretrained}/{name}.weights.h5")
    batches = cut_batches(
        photos,
        settings,
        settings["batch_size"],
        FLAGS.seed,
        per_epoch,
        first_step,
    )
    callbacks = [FollowBits(settings["target_bits"], settings["growth"])]
    if held_out:
        tiles = cut_batches(held_out, settings, HELD_OUT_TILES, FLAGS.seed + 1)
        callbacks.append(HeldOut(*tiles[0]))
    watched = [part[:8] for part in batches[0]]
    fit_run(
        game,
        batches,
        run_dir,
        steps=settings["steps"],
        steps_per_epoch=per_epoch,
        first_step=first_step,
        exports=players,
        pictures=lambda: training_strips(game, *watched),
        callbacks=callbacks,
    )


def main(argv) -> None:
    no_arguments(argv)
    settings = settings_from_flags()
    limit_threads(FLAGS.threads)
    keras.config.set_dtype_policy(FLAGS.precision)
    fixed = {k: v for k, v in settings.items() if k != "steps"}
    run_dir = open_run(
        FLAGS.run_dir,
        fixed
        | {
            "preset": FLAGS.preset,
            "seed": FLAGS.seed,
            "held_out": FLAGS.val_dir is not None,
        },
    )
    photos = load_folders(FLAGS.images_dir)
    held_out = load_folders([FLAGS.val_dir], "val_dir") if FLAGS.val_dir else []
    print(f"{len(photos)} photos; run directory {run_dir}")
    train(run_dir, settings, photos, held_out)
    print(f"done: {run_dir}")


if __name__ == "__main__":
    define_flags()
    run_main(main)
