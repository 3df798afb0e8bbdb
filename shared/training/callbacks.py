"""What a training tells while it runs, and when it must stop."""

import sys

import keras
from tqdm import tqdm

from shared.errors import UserError


class HaltOnNaN(keras.callbacks.Callback):
    """Stops with a clear message when a logged number is not finite."""

    def on_epoch_end(self, epoch, logs=None):
        bad = [k for k, v in (logs or {}).items() if v != v or abs(v) > 1e30]
        if bad:
            raise UserError(
                f"{', '.join(bad)} became NaN in epoch {epoch + 1}; the last "
                "checkpoint is kept: go on with a lower --learning_rate"
            )


class ProgressBar(keras.callbacks.Callback):
    """One tqdm line for the whole training, health and gate included.

    Args:
        steps: Steps of the whole training.
        first_step: Steps already taken.
        describe: Returns what the training waits for.
    """

    def __init__(self, steps, first_step, describe):
        super().__init__()
        self.describe = describe
        self.bar = tqdm(
            total=steps,
            initial=first_step,
            unit="step",
            # In a log file every update stays.
            mininterval=0.1 if sys.stderr.isatty() else 10.0,
        )
        self.seen = -1

    def on_train_batch_begin(self, batch, logs=None):
        self.seen = batch - 1

    def on_train_batch_end(self, batch, logs=None):
        self.bar.update(batch - self.seen)
        self.seen = batch

    def on_epoch_end(self, epoch, logs=None):
        health = " ".join(f"{k}={v:.4g}" for k, v in sorted(logs.items()))
        self.bar.set_postfix_str(f"{health} | {self.describe()}")

    def on_train_end(self, logs=None):
        self.bar.close()
