"""What a training shows of itself at each report."""

from pathlib import Path

import keras
import numpy as np
from keras import ops
from tqdm import tqdm

from dcgan.averaging import update_average
from dcgan.features import class_statistics
from dcgan.metrics import frechet_distance
from dcgan.pictures import GRIDS, animate, plot_players
from shared.grids import image_grid, write_png
from shared.ranges import signed_to_levels
from shared.training import METRICS, sync_weights

FIXED = 16
JUDGED = 2000
REFERENCE = 10_000
SAMPLES_BATCH = 250


def draw(generator, latents):
    """Images of latents [N, Z] as uint8 [N, H, W, C], in inference mode."""
    parts = [
        ops.convert_to_numpy(
            generator(latents[i : i + SAMPLES_BATCH], training=False)
        )
        for i in range(0, len(latents), SAMPLES_BATCH)
    ]
    return signed_to_levels(np.concatenate(parts))


class Watch(keras.callbacks.Callback):
    """Draws the 16 fixed latents, judges samples, names the health.

    Args:
        run_dir: The run directory.
        health: `dcgan.health.Health`; its failure can stop the training.
        steps_per_report: Steps between reports.
        generator: The generator to show: the game's own, or a copy which is
            set to the mean of its weights first.
        latents: `dcgan.latent_space.LatentSpace` of the generator.
        classifier: `dcgan.features.Classifier` for the samples' classes and
            their FCD, or None.
        pixels: uint8 [N, H, W, C], the images that are learned.
        stop_on_failure: Whether a failed health stops the training.
    """

    def __init__(
        self,
        run_dir,
        health,
        steps_per_report,
        generator,
        latents,
        classifier=None,
        pixels=None,
        stop_on_failure=False,
    ):
        super().__init__()
        self.run_dir = Path(run_dir)
        self.health = health
        self.steps_per_report = steps_per_report
        self.generator = generator
        self.latents = latents
        self.classifier = classifier
        self.pixels = pixels
        self.stop_on_failure = stop_on_failure
        self.grid = None

    def on_train_begin(self, logs=None):
        (self.run_dir / GRIDS).mkdir(exist_ok=True)
        if self.classifier:
            random = np.random.default_rng(0)
            picks = random.permutation(len(self.pixels))[:REFERENCE]
            self.reference = self.classifier.judge(self.pixels[picks]).features

    def on_epoch_end(self, epoch, logs=None):
        sync_weights(self.model)
        if self.generator is not self.model.generator:
            player = self.model.players[0]
            update_average(
                self.generator,
                self.model.generator,
                player.optimizer,
                self.latents,
            )
        step = (epoch + 1) * self.steps_per_report
        self.grid = image_grid(
            draw(self.generator, self._latents(0, FIXED)), scale=2
        )
        write_png(
            self.run_dir / GRIDS / f"step-{step:08d}.png",
            self.grid,
            overwrite=True,
        )
        if self.classifier:
            images = draw(self.generator, self._latents(1, JUDGED))
            judgement = self.classifier.judge(images)
            logs.update(class_statistics(judgement, self.classifier.classes))
            logs["fcd"] = frechet_distance(judgement.features, self.reference)
        line = self.health.update(step, logs)
        if line:
            tqdm.write(line)
        if self.stop_on_failure and self.health.failed:
            self.model.stop_training = True

    def on_train_end(self, logs=None):
        metrics = self.run_dir / METRICS
        if metrics.exists():
            plot_players(
                metrics,
                self.run_dir / "players.png",
                self.steps_per_report,
                self.health.changes,
            )
        animate(self.run_dir)
        if self.grid is not None:
            images = draw(self.generator, self._latents(2, 100))
            write_png(
                self.run_dir / "sample_grid.png",
                image_grid(images, scale=2),
                overwrite=True,
            )

    def _latents(self, stream, count):
        """The same latents at every call."""
        return self.latents.draw(np.random.default_rng([stream, 7]), count)
