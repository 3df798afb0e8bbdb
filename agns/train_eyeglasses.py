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
from shared.errors import no_arguments, run_main
from shared.fit import fit_run, resume
from shared.gan import GanRules
from shared.grids import image_grid, to_uint8, write_gif, write_png
from shared.images import read_photo
from shared.training import (
    define_training_flags,
    distribution_scope,
    limit_threads,
    open_run,
    sync_weights,
)

FLAGS = flags.FLAGS

MOST_SHEETS = 60


def define_flags() -> None:
    """Defines the command's flags."""
    define_training_flags()
    flags.DEFINE_string(
        "images_dir", None, "Folder of frames on black, 224 x 224 pixels."
    )
    flags.DEFINE_integer("batch_size", 32, "Frames a step.", lower_bound=2)
    flags.DEFINE_integer("epochs", 60, "Looks at every frame.", lower_bound=1)
    flags.DEFINE_float("learning_rate", 5e-4, "Of the generator's Adam.")
    flags.DEFINE_float(
        "discriminator_rate",
        1e-4,
        "Of the discriminator's Adam; with as much as the generator's it wins "
        "within the first hundred steps, and the generator learns nothing.",
    )
    flags.DEFINE_float("beta_1", 0.5, "Adam's decay of the mean gradient.")
    flags.DEFINE_bool(
        "minibatch", True, "Compare the glasses of a batch with each other."
    )
    flags.mark_flag_as_required("images_dir")


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
    return to_uint8(place(glasses, mask))[:, 48:122, 20:206]


def main(argv) -> None:
    no_arguments(argv)
    limit_threads(FLAGS.threads)
    keras.config.set_dtype_policy(FLAGS.precision)
    frames = load_frames(FLAGS.images_dir)
    run_dir = open_run(
        FLAGS.run_dir,
        {
            "minibatch": FLAGS.minibatch,
            "batch_size": FLAGS.batch_size,
            "epochs": FLAGS.epochs,
            "learning_rate": FLAGS.learning_rate,
            "discriminator_rate": FLAGS.discriminator_rate,
            "beta_1": FLAGS.beta_1,
            "seed": FLAGS.seed,
        },
    )
    batches = FrameBatches(frames, FLAGS.batch_size, FLAGS.seed)
    steps = FLAGS.epochs * batches.steps
    with distribution_scope(FLAGS.distribute):
        game = build_game(
            FLAGS.seed,
            FLAGS.learning_rate,
            FLAGS.discriminator_rate,
            FLAGS.beta_1,
            FLAGS.minibatch,
            steps,
        )
        game.compile(
            jit_compile=FLAGS.jit_compile,
            steps_per_execution=FLAGS.steps_per_execution,
        )
    state = resume(game, run_dir)
    batches.step = state["step"]
    print(f"{len(frames)} frames; run directory {run_dir}")
    fit_run(
        game,
        batches,
        run_dir,
        steps=steps,
        steps_per_epoch=batches.steps,
        first_step=state["step"],
        exports={
            "generator": game.generator,
            "discriminator": game.discriminator,
        },
        callbacks=[Samples(run_dir, FLAGS.epochs, FLAGS.seed)],
    )
    print(f"done: {run_dir}")


if __name__ == "__main__":
    define_flags()
    run_main(main)
