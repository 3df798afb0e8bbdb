"""Trains the generator of realistic eyeglass frames.

    python -m agns.train_eyeglasses --images_dir frames --run_dir runs/glasses

A DCGAN whose discriminator also compares the glasses of a batch with each
other. Writes `generator.weights.h5`, `discriminator.weights.h5`, a sheet of
samples for each of up to 60 epochs, `samples.gif`, `metrics.csv` and
`curves.png`. The same command resumes a run that was stopped.
"""

from pathlib import Path

import keras
import numpy as np
from absl import flags
from keras import ops

from agns.data import FrameBatches
from agns.eyeglass_gan import EyeglassGan
from agns.frames import load_frames, load_mask, place
from agns.networks import CODE_SIZE, build_discriminator, build_generator
from shared.command import no_arguments, run_main
from shared.errors import UserError
from shared.gan import GanRules
from shared.grids import image_grid, write_gif, write_png
from shared.images import read_photo
from shared.ranges import signed_to_levels
from shared.training import (
    RunOptions,
    Setting,
    Settings,
    fit_run,
    resume,
    sync_weights,
)

MOST_SHEETS = 60


SETTINGS = Settings(
    {
        "batch_size": Setting("Frames a step.", 32, low=2),
        "epochs": Setting("Looks at every frame.", 60, low=1, resumable=True),
        "learning_rate": Setting(
            "Of the generator's Adam.", 5e-4, resumable=True
        ),
        "discriminator_rate": Setting(
            "Of the discriminator's Adam; with as much as the generator's it "
            "wins within the first hundred steps, and the generator learns "
            "nothing.",
            1e-4,
            resumable=True,
        ),
        "beta_1": Setting("Adam's decay of the mean gradient.", 0.5),
        "minibatch": Setting(
            "Compare the glasses of a batch with each other.", True
        ),
    }
)


def define_flags(values=flags.FLAGS) -> None:
    """Defines the command's flags."""
    RunOptions.define_flags(values)
    flags.DEFINE_string(
        "images_dir",
        None,
        "Folder of frames on black, 224 x 224 pixels.",
        flag_values=values,
    )
    SETTINGS.define_flags(values)


def build_game(
    seed, learning_rate, discriminator_rate, beta_1, minibatch, steps
) -> EyeglassGan:
    """Makes the game of eyeglass generator against discriminator."""
    keras.utils.set_random_seed(seed)

    def falling(rate):
        # A linear fall: the last glasses are the steadiest.
        decay = keras.optimizers.schedules.PolynomialDecay(
            rate, steps, 0.1 * rate
        )
        return keras.optimizers.Adam(decay, beta_1=beta_1)

    return EyeglassGan(
        build_generator(momentum=0.9),
        build_discriminator(minibatch),
        falling(learning_rate),
        falling(discriminator_rate),
        # The paper's labels: .9 for real, 0 for generated.
        GanRules(real_label=0.9),
        seed,
    )


class Samples(keras.callbacks.Callback):
    """Draws the same sixteen codes after some epochs, and a GIF at the end.

    Args:
        run_dir: The run directory.
        epochs: Of the whole training.
        seed: Of the codes.
    """

    def __init__(self, run_dir, epochs, seed):
        super().__init__()
        self.folder = Path(run_dir) / "samples"
        self.folder.mkdir(exist_ok=True)
        self.every = -(-epochs // MOST_SHEETS)
        random = np.random.default_rng(seed)
        self.codes = random.normal(size=(16, CODE_SIZE)).astype("float32")
        self.mask = load_mask()

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every == 0:
            sync_weights(self.model)
            glasses = ops.convert_to_numpy(
                self.model.generator(self.codes, training=False)
            )
            sheet = image_grid(show(glasses, self.mask), columns=4)
            path = self.folder / f"epoch-{epoch + 1:05d}.png"
            write_png(path, sheet, overwrite=True)

    def on_train_end(self, logs=None):
        sheets = sorted(self.folder.glob("epoch-*.png"))
        if sheets:
            write_gif(
                self.folder.parent / "samples.gif",
                [read_photo(path).pixels for path in sheets],
                overwrite=True,
            )


def show(glasses, mask):
    """Glasses [N, 64, 176, 3] in [-1, 1] as pictures of the masked frame."""
    return signed_to_levels(place(glasses, mask))[:, 48:122, 20:206]


def train(options: RunOptions, settings: dict, frames) -> None:
    """Trains to the last epoch; a run that was stopped goes on.

    Args:
        options: How the training is run.
        settings: What is learned: `SETTINGS.choose(epochs=20)`.
        frames: Those of `agns.frames.load_frames`.

    Raises:
        UserError: If the run directory holds a run of other settings.
    """
    run_dir = options.open_run(SETTINGS, settings)
    batches = FrameBatches(frames, settings["batch_size"], options.seed)
    steps = settings["epochs"] * batches.steps
    with options.policy():
        with options.scope():
            game = build_game(
                options.seed,
                settings["learning_rate"],
                settings["discriminator_rate"],
                settings["beta_1"],
                settings["minibatch"],
                steps,
            )
            game.compile(**options.compiling)
        state = resume(game, run_dir)
        batches.step = state["step"]
        fit_run(
            game,
            batches,
            options,
            steps=steps,
            steps_per_epoch=batches.steps,
            first_step=state["step"],
            exports={
                "generator": game.generator,
                "discriminator": game.discriminator,
            },
            callbacks=[Samples(run_dir, settings["epochs"], options.seed)],
        )


def main(arguments, values=flags.FLAGS) -> None:
    """Runs the command."""
    no_arguments(arguments)
    options = RunOptions.from_flags(values)
    settings = SETTINGS.from_flags(values)
    if not values.images_dir:
        raise UserError("--images_dir is missing: a folder of frames")
    options.limit_threads()
    frames = load_frames(values.images_dir)
    print(f"{len(frames)} frames; run directory {options.run_dir}")
    train(options, settings, frames)
    print(f"done: {options.run_dir}")


if __name__ == "__main__":
    define_flags()
    run_main(main)
