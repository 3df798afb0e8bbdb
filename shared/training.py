"""What every training command shares: flags, run directory, callbacks."""

import json
import os
import pathlib
import re
import shutil
import sys
import tempfile

import keras
from absl import flags
from tqdm import tqdm

from shared.errors import UserError

CHECKPOINTS = "checkpoints"
CONFIG = "config.json"
METRICS = "metrics.csv"
SET_ASIDE = "set_aside"
KEEP = 2
_STEP = re.compile(r"step-(\d+)")
_GAME = "game.weights.h5"


def define_training_flags() -> None:
    """Defines the flags of every training command; call it from `main`."""
    flags.DEFINE_string("run_dir", None, "Where the run is kept.")
    flags.DEFINE_integer("seed", 0, "Seed of weights, data and damage.")
    flags.DEFINE_enum(
        "precision",
        "float32",
        ["float32", "mixed_bfloat16", "mixed_float16"],
        "Keras dtype policy.",
    )
    flags.DEFINE_bool(
        "jit_compile",
        keras.backend.backend() == "jax",
        "Compile the step with XLA. Default: on JAX only, which would run "
        "operation by operation without.",
    )
    flags.DEFINE_integer(
        "steps_per_execution", 1, "Steps per call of the compiled function."
    )
    flags.DEFINE_integer(
        "threads", 0, "CPU threads of TensorFlow; 0 means all of them."
    )
    flags.DEFINE_enum(
        "distribute",
        "none",
        ["none", "mirrored", "multi_worker"],
        "tf.distribute strategy (TensorFlow only).",
    )
    flags.DEFINE_integer(
        "keep_checkpoints",
        KEEP,
        "How many of the newest checkpoints are kept; 0 keeps all that this "
        "command writes. What an earlier command has kept stays.",
        lower_bound=0,
    )
    flags.DEFINE_integer(
        "resume_from",
        None,
        "Go back to the checkpoint of this step (checkpoints/step-...) and go "
        "on from there; what came after it moves to set_aside/. Give it once: "
        "without it a run goes on from its newest checkpoint.",
        lower_bound=1,
    )
    flags.mark_flag_as_required("run_dir")


def training_flag(name, default=None):
    """The value of a flag of every training, or the default without flags."""
    return flags.FLAGS[name].value if name in flags.FLAGS else default


def distribution_scope(name: str):
    """Returns the context in which a model must be built to be distributed.

    Raises:
        UserError: If distribution is asked for on another backend.
    """
    if name != "none" and keras.backend.backend() != "tensorflow":
        raise UserError(
            "--distribute: tf.distribute needs KERAS_BACKEND=tensorflow"
        )
    if name == "none":
        return _NoDistribution()
    import tensorflow as tf

    if name == "mirrored":
        return tf.distribute.MirroredStrategy().scope()
    return tf.distribute.MultiWorkerMirroredStrategy().scope()


class _NoDistribution:
    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False


def limit_threads(threads: int) -> None:
    """Caps TensorFlow's CPU threads; call before the first operation."""
    if threads and keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)


def open_run(
    run_dir, config: dict, flag="run_dir", earlier=None
) -> pathlib.Path:
    """Makes a run directory, or opens it again for the same configuration.

    Writes the configuration and the exact command beside the weights, and
    goes back to an earlier checkpoint if --resume_from says so.

    Args:
        run_dir: The directory.
        config: JSON values which must not change when a run goes on.
        flag: Name of the flag that names the directory.
        earlier: Callable from the configuration of a run to it with what runs
            begun by earlier versions do not state; None where there is none.

    Raises:
        UserError: If the directory holds a run of another configuration, or
            not the checkpoint that is asked for.
    """
    run_dir = pathlib.Path(run_dir)
    step = training_flag("resume_from")
    if step is not None:
        find_checkpoint(run_dir, step)
    try:
        run_dir.mkdir(parents=True, exist_ok=True)
        path = run_dir / CONFIG
        config = json.loads(json.dumps(config))
        if path.exists():
            before = json.loads(path.read_text())
            if earlier:
                before = earlier(before)
            changed = sorted(
                key
                for key in before.keys() | config.keys()
                if before.get(key) != config.get(key)
            )
            if changed:
                raise UserError(
                    f"--{flag}: {run_dir} holds a run with another "
                    f"{', '.join(changed)}; name a new directory"
                )
        else:
            write_text(path, json.dumps(config, indent=2) + "\n")
        with open(
            run_dir / "command.txt",
            "a",
            encoding="utf-8",
            errors="backslashreplace",
        ) as file:
            file.write(" ".join(sys.orig_argv[1:]) + "\n")
        aside = step is not None and go_back(run_dir, step)
    except OSError as error:
        raise UserError(f"--{flag}: {run_dir}: {error.strerror}") from error
    if aside:
        print(f"back at step {step}; what came after it lies in {aside}")
    return run_dir


def write_text(path: pathlib.Path, text: str) -> None:
    """Writes a file whole or not at all."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(text)
    os.replace(temporary, path)


def latest_checkpoint(run_dir: pathlib.Path) -> pathlib.Path | None:
    """Returns the newest complete checkpoint of a run, if there is one."""
    found = _checkpoints(run_dir)
    return found[-1] if found else None


def _checkpoints(run_dir) -> list[pathlib.Path]:
    """A run's complete checkpoints, the newest last."""
    return sorted((run_dir / CHECKPOINTS).glob("step-*"), key=_step_of)


def _step_of(path) -> int:
    """The step that a file's or folder's name bears; -1 if it bears none."""
    found = _STEP.match(path.name)
    return int(found[1]) if found else -1


def find_checkpoint(run_dir: pathlib.Path, step: int) -> pathlib.Path:
    """Returns the checkpoint of a step.

    Raises:
        UserError: If it is not kept, naming those that are.
    """
    kept = {_step_of(path): path for path in _checkpoints(run_dir)}
    if step in kept:
        return kept[step]
    if not kept:
        raise UserError(
            f"--resume_from={step}: {run_dir} holds no checkpoints; leave the "
            "flag out to begin a run"
        )
    raise UserError(
        f"--resume_from={step}: {run_dir} keeps no checkpoint of that step; "
        f"kept: {', '.join(map(str, kept))} (--keep_checkpoints keeps more)"
    )


def go_back(run_dir: pathlib.Path, step: int) -> pathlib.Path | None:
    """Makes the checkpoint of a step the newest one of a run.

    What the run wrote afterwards is moved to a new folder below `set_aside`,
    in which it lies as it did in the run: whatever is named by a later step,
    and the networks' weights, whose place those of the checkpoint take. The
    metrics are copied there; `trim_csv` cuts the run's own.

    Args:
        run_dir: The run directory.
        step: Step of the checkpoint.

    Returns:
        The new folder; None if the checkpoint is the newest one already.

    Raises:
        UserError: If the checkpoint is not kept.
    """
    checkpoint = find_checkpoint(run_dir, step)
    if checkpoint == latest_checkpoint(run_dir):
        return None
    parent = run_dir / SET_ASIDE
    parent.mkdir(exist_ok=True)
    aside = parent / str(1 + sum(1 for _ in parent.iterdir()))
    later = [
        path
        for path in sorted(run_dir.rglob("step-*"))
        if _step_of(path) > step and parent not in path.parents
    ]
    saved = _networks(checkpoint)
    if saved:
        later += _networks(run_dir)
    for path in later:
        target = aside / path.relative_to(run_dir)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(path, target)
    if (run_dir / METRICS).exists():
        shutil.copy2(run_dir / METRICS, aside / METRICS)
    for path in saved:
        _place(path, run_dir / path.name)
    return aside


def _networks(folder: pathlib.Path) -> list[pathlib.Path]:
    """The networks' weights in a run directory or a checkpoint."""
    return [
        path
        for path in sorted(folder.glob("*.weights.h5"))
        if path.name != _GAME and ".partial." not in path.name
    ]


def _place(source: pathlib.Path, target: pathlib.Path) -> None:
    """Gives weights a second name, whole or not at all.

    Where the file system can, no second copy: weights are only ever replaced
    by renaming, so neither name changes what the other holds.
    """
    partial = target.with_name(target.name + ".partial")
    partial.unlink(missing_ok=True)
    try:
        os.link(source, partial)
    except OSError:
        shutil.copyfile(source, partial)
    os.replace(partial, target)


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
        return _checkpoints(self.run_dir)[: -self.keep] if self.keep else []

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
        self.model.save_weights(temporary / _GAME)
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
        for path in _networks(self.run_dir):
            if path.name not in names:
                _place(path, temporary / path.name)
        os.replace(temporary, target)
        for name in names:
            _place(target / name, self.run_dir / name)
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


def restore(model, checkpoint: pathlib.Path) -> dict:
    """Loads a checkpoint into a compiled game.

    Returns:
        The JSON values that were saved with it: `step` and `schedule`.

    Raises:
        UserError: If the checkpoint cannot be read or does not fit.
    """
    try:
        model.load_weights(checkpoint / _GAME)
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


def trim_csv(path: pathlib.Path, epochs: int) -> None:
    """Drops the rows of epochs that a resumed run will write again."""
    if path.exists():
        lines = path.read_text().splitlines(keepends=True)
        write_text(path, "".join(lines[: epochs + 1]))


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
