"""One run of `fit` with everything that a training of ours has around it."""

import pathlib

import keras

from shared.report import Curves, TensorBoard
from shared.training import (
    KEEP,
    METRICS,
    Checkpoint,
    HaltOnNaN,
    ProgressBar,
    latest_checkpoint,
    restore,
    training_flag,
    trim_csv,
)


def resume(model, run_dir) -> dict:
    """Restores a compiled model from its run's newest checkpoint.

    Returns:
        `step`, the steps already taken, and `schedule`, what `get_state` of
        `fit_run` said then; 0 and {} for a new run.

    Raises:
        UserError: If the checkpoint cannot be read or does not fit.
    """
    checkpoint = latest_checkpoint(pathlib.Path(run_dir))
    if checkpoint is None:
        return {"step": 0, "schedule": {}}
    return restore(model, checkpoint)


def fit_run(
    model,
    batches,
    run_dir,
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
        run_dir: The run directory, which exists.
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
    run_dir = pathlib.Path(run_dir)
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
                keep=training_flag("keep_checkpoints", KEEP),
            ),
        ],
    )
