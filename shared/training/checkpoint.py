"""Checkpoints: all that a training needs to go on exactly where it was."""

import json
import os
import pathlib
import shutil
import tempfile

import keras

from shared.errors import UserError
from shared.training.run_dir import (
    CHECKPOINTS,
    GAME,
    KEEP,
    checkpoints,
    latest_checkpoint,
    network_files,
    place,
)


class Checkpoint(keras.callbacks.Callback):
    """Saves weights, optimizers, random state and schedule after an epoch.

    A checkpoint is a folder which appears whole, by renaming, so a run that
    is killed at any moment goes on from the last one. The networks' weights
    lie in it too, as they stand in the run directory.

    Args:
        run_dir: The run directory.
        steps_per_epoch: Steps in an epoch of `fit`.
        get_state: Returns JSON values to keep with the weights.
        exports: Sub-models whose weights are saved by name in the run
            directory, for export.
        every: Epochs between checkpoints.
        keep: How many of the newest are kept; 0 keeps all. Those that are
            there beyond so many at the start stay.
    """

    def __init__(
        self,
        run_dir,
        steps_per_epoch,
        get_state,
        exports,
        every=1,
        keep=KEEP,
    ):
        super().__init__()
        self.run_dir = pathlib.Path(run_dir)
        self.folder = self.run_dir / CHECKPOINTS
        self.folder.mkdir(exist_ok=True)
        self.steps_per_epoch = steps_per_epoch
        self.get_state = get_state
        self.exports = exports
        self.every = every
        self.keep = keep
        self.spared = self._surplus()

    def _surplus(self):
        """The checkpoints beyond the number to keep, oldest first."""
        return checkpoints(self.run_dir)[: -self.keep] if self.keep else []

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every == 0:
            sync_weights(self.model)
            self.save((epoch + 1) * self.steps_per_epoch)

    def save(self, step: int) -> None:
        """Writes the checkpoint of a step."""
        target = self.folder / f"step-{step:08d}"
        if target.exists():
            return
        temporary = pathlib.Path(
            tempfile.mkdtemp(prefix=".saving-", dir=self.folder)
        )
        self.model.save_weights(temporary / GAME)
        state = {
            "step": step,
            "schedule": self.get_state(),
            "random": [v.numpy().tolist() for v in _random_states(self.model)],
        }
        (temporary / "state.json").write_text(json.dumps(state))
        names = [f"{name}.weights.h5" for name in self.exports]
        for name, network in zip(names, self.exports.values(), strict=True):
            network.save_weights(temporary / name)
        # Such as the best so far, which belong to this step too.
        for path in network_files(self.run_dir):
            if path.name not in names:
                place(path, temporary / path.name)
        os.replace(temporary, target)
        for name in names:
            place(target / name, self.run_dir / name)
        for old in self._surplus():
            if old not in self.spared:
                shutil.rmtree(old)


def _random_states(model) -> list:
    """The variables of a model's seed generators, which Keras does not save.

    Without them a resumed run would draw again what it drew from its start.
    """
    return [
        variable
        for variable in model.non_trainable_variables
        if variable.path.endswith("seed_generator_state")
    ]


def sync_weights(model) -> None:
    """Copies the state which JAX keeps aside during `fit` to the variables."""
    if keras.backend.backend() == "jax":
        model.jax_state_sync()


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


def restore(model, checkpoint: pathlib.Path) -> dict:
    """Loads a checkpoint into a compiled model.

    Learning rates stay those that it was compiled with: Keras keeps a constant
    one among an optimizer's variables, and a run may go on with another.

    Returns:
        The JSON values that were saved with it: `step` and `schedule`.

    Raises:
        UserError: If the checkpoint cannot be read or does not fit.
    """
    rates = [
        (variable, variable.numpy())
        for variable in model.optimizer.variables
        if variable.name == "learning_rate"
    ]
    try:
        model.load_weights(checkpoint / GAME)
        for variable, rate in rates:
            variable.assign(rate)
        state = json.loads((checkpoint / "state.json").read_text())
        pairs = zip(_random_states(model), state["random"], strict=True)
        for variable, value in pairs:
            variable.assign(value)
        return state
    except (OSError, ValueError, KeyError) as error:
        raise UserError(
            f"{checkpoint}: cannot be read ({str(error).splitlines()[0]}); "
            "delete it to go on from the one before"
        ) from error
