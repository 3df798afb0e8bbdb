"""One run of `fit` with everything that a training of ours has around it."""

import keras

from shared.training.callbacks import HaltOnNaN, ProgressBar
from shared.training.checkpoint import Checkpoint
from shared.training.curves import Curves, TensorBoard
from shared.training.run_dir import METRICS, trim_csv


def fit_run(
    model,
    batches,
    options,
    *,
    steps: int,
    steps_per_epoch: int,
    first_step: int,
    exports: dict,
    pictures=None,
    describe=lambda: "",
    get_state=dict,
    marks=dict,
    callbacks=(),
) -> None:
    """Trains a compiled model from `first_step` to `steps`.

    Writes metrics (CSV), curves (PNG), TensorBoard summaries and checkpoints
    to the run directory, and shows a progress bar. For an exact resume the
    order of `batches` may depend on the seed and the epoch only.

    Args:
        model: Compiled model; a resumed one is restored (`resume`).
        batches: `keras.utils.PyDataset` of one epoch, or an array.
        options: RunOptions; its run directory exists.
        steps: Steps of the whole training.
        steps_per_epoch: Steps in an epoch; `steps` is rounded down to it.
        first_step: Steps already taken.
        exports: Networks by the name their weights are saved under.
        pictures: Returns uint8 strips [h, w, 3] by name, shown while
            training; None for none.
        describe: Returns what the progress bar says of the run's health.
        get_state: Returns JSON values to keep with each checkpoint.
        marks: Returns the steps to mark in the curves, by name.
        callbacks: Called before the metrics are written, so what they put
            into an epoch's logs is written too.
    """
    run_dir = options.run_dir
    first_epoch = first_step // steps_per_epoch
    metrics = run_dir / METRICS
    trim_csv(metrics, first_epoch)
    model.fit(
        batches,
        epochs=steps // steps_per_epoch,
        initial_epoch=first_epoch,
        shuffle=False,
        verbose=0,
        callbacks=[
            HaltOnNaN(),
            *callbacks,
            keras.callbacks.CSVLogger(metrics, append=True),
            Curves(run_dir, steps_per_epoch, marks),
            TensorBoard(run_dir, steps_per_epoch, pictures or dict),
            ProgressBar(steps, first_step, describe),
            Checkpoint(
                run_dir,
                steps_per_epoch,
                get_state,
                exports,
                keep=options.keep_checkpoints,
            ),
        ],
    )
