"""Trains Alice, Bob and Eve on a folder of photos.

    python -m stego.train --images_dir photos --run_dir runs/mine
    python -m stego.train --images_dir faces --run_dir runs/paper \\
        --preset paper --val_dir other_faces

The same command resumes a run that was stopped.
"""

import keras
from absl import flags

from shared.command import no_arguments, run_main
from shared.errors import UserError
from shared.photo_folders import load_folders
from shared.training import (
    RunOptions,
    fit_run,
    load_weights,
    resume,
    sync_weights,
)
from stego.data import TileBatches
from stego.game import StegoGame, build_rules
from stego.held_out import HeldOut
from stego.pictures import training_strips
from stego.presets import SETTINGS

# Tiles on which held-out bits are counted: 25,600 bits at 100 a tile.
HELD_OUT_TILES = 256


def define_flags(values=flags.FLAGS) -> None:
    """Defines the command's flags; defaults come from the preset."""
    RunOptions.define_flags(values)
    flags.DEFINE_multi_string(
        "images_dir",
        None,
        "Folder of photos; may be given several times.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "val_dir",
        None,
        "Folder of photos that nobody learns from; the bits that Bob reads "
        "from them are counted after each epoch.",
        flag_values=values,
    )
    SETTINGS.define_flags(values)


def build_game(settings: dict, seed: int) -> StegoGame:
    """Makes the game that settings describe.

    Raises:
        UserError: naming the flag, if the message does not fit the images.
    """
    keras.utils.set_random_seed(seed)
    try:
        return StegoGame(
            build_rules(settings),
            learning_rate(settings),
            settings["eve_optimizer"],
            settings["eve_learning_rate"],
        )
    except ValueError as error:
        raise UserError(f"--msg_len: {error}") from error


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


def train(options: RunOptions, settings: dict, photos, held_out=()) -> None:
    """Trains to the last step; a run that was stopped goes on.

    Args:
        options: How the training is run.
        settings: What is learned: `SETTINGS.choose("modern", steps=500)`.
        photos: uint8 RGB [H, W, 3] arrays to learn from.
        held_out: The like to count bits on.

    Raises:
        UserError: If the run directory holds a run of other settings, or the
            message does not fit the images.
    """
    options.open_run(SETTINGS, settings, held_out=bool(held_out))
    per_epoch = settings["steps_per_epoch"]
    with options.policy():
        with options.scope():
            game = build_game(settings, options.seed)
            game.compile(**options.compiling)
        players = {"alice": game.alice, "bob": game.bob, "eve": game.eve}
        first_step = resume(game, options.run_dir)["step"]
        if settings["pretrained"] and not first_step:
            for name, network in players.items():
                path = f"{settings['pretrained']}/{name}.weights.h5"
                load_weights(network, path)
        batches = cut_batches(
            photos,
            settings,
            settings["batch_size"],
            options.seed,
            per_epoch,
            first_step,
        )
        callbacks = [FollowBits(settings["target_bits"], settings["growth"])]
        if held_out:
            tiles = cut_batches(
                held_out, settings, HELD_OUT_TILES, options.seed + 1
            )
            callbacks.append(HeldOut(*tiles[0]))
        watched = [part[:8] for part in batches[0]]
        fit_run(
            game,
            batches,
            options,
            steps=settings["steps"],
            steps_per_epoch=per_epoch,
            first_step=first_step,
            exports=players,
            pictures=lambda: training_strips(game, *watched),
            callbacks=callbacks,
        )


def main(arguments, values=flags.FLAGS) -> None:
    """Runs the command."""
    no_arguments(arguments)
    options = RunOptions.from_flags(values)
    settings = SETTINGS.from_flags(values)
    if not values.images_dir:
        raise UserError("--images_dir is missing: a folder of photos")
    options.limit_threads()
    photos = load_folders(values.images_dir)
    held_out = []
    if values.val_dir:
        held_out = load_folders([values.val_dir], "val_dir")
    print(f"{len(photos)} photos; run directory {options.run_dir}")
    train(options, settings, photos, held_out)
    print(f"done: {options.run_dir}")


if __name__ == "__main__":
    define_flags()
    run_main(main)
