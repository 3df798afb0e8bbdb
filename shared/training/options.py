"""How a training is run, whatever it trains: flags, and the same in Python."""

import contextlib
import dataclasses
import pathlib

import keras
from absl import flags

from shared.errors import UserError
from shared.ops.precision import dtype_policy
from shared.training.run_dir import KEEP, open_run
from shared.training.settings import Setting, Settings

PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
DISTRIBUTIONS = ("none", "mirrored", "multi_worker")

_TABLE = Settings(
    {
        "run_dir": Setting("Where the run is kept.", kind=str),
        "seed": Setting("Seed of weights, data and damage.", 0),
        "precision": Setting(
            "Keras dtype policy.", "float32", choices=PRECISIONS
        ),
        "jit_compile": Setting(
            "Compile the step with XLA. Default: on JAX only, which would run "
            "operation by operation without.",
            kind=bool,
        ),
        "steps_per_execution": Setting(
            "Steps per call of the compiled function.", 1, low=1
        ),
        "threads": Setting(
            "CPU threads of TensorFlow; 0 means all of them.", 0, low=0
        ),
        "distribute": Setting(
            "tf.distribute strategy (TensorFlow only).",
            "none",
            choices=DISTRIBUTIONS,
        ),
        "keep_checkpoints": Setting(
            "How many of the newest checkpoints are kept; 0 keeps all that "
            "this command writes. What an earlier command has kept stays.",
            KEEP,
            low=0,
        ),
        "resume_from": Setting(
            "Go back to the checkpoint of this step (checkpoints/step-...) "
            "and go on from there; what came after it moves to set_aside/. "
            "Give it once: without it a run goes on from its newest "
            "checkpoint.",
            kind=int,
            low=1,
        ),
    }
)


@dataclasses.dataclass
class RunOptions:
    """How a training is run; none of it changes what is learned but the seed.

    Attributes:
        run_dir: Where the run is kept.
        seed: Of weights, data and damage.
        precision: Keras dtype policy.
        jit_compile: Whether XLA compiles the step; None means on JAX only.
        steps_per_execution: Steps per call of the compiled function.
        threads: CPU threads of TensorFlow; 0 means all of them.
        distribute: tf.distribute strategy: none, mirrored or multi_worker.
        keep_checkpoints: How many of the newest are kept; 0 keeps all.
        resume_from: Step to go back to; None goes on from the newest
            checkpoint.

    Raises:
        UserError: If a value makes no sense.
    """

    run_dir: pathlib.Path
    seed: int = 0
    precision: str = "float32"
    jit_compile: bool | None = None
    steps_per_execution: int = 1
    threads: int = 0
    distribute: str = "none"
    keep_checkpoints: int = KEEP
    resume_from: int | None = None

    def __post_init__(self):
        if not self.run_dir:
            raise UserError("--run_dir is missing: where the run is kept")
        _TABLE.choose(**dataclasses.asdict(self))
        self.run_dir = pathlib.Path(self.run_dir)
        if self.jit_compile is None:
            self.jit_compile = keras.backend.backend() == "jax"
        if self.distribute != "none" and keras.backend.backend() != (
            "tensorflow"
        ):
            raise UserError(
                "--distribute: tf.distribute needs KERAS_BACKEND=tensorflow"
            )

    @classmethod
    def define_flags(cls, values=flags.FLAGS, leave_out=()) -> None:
        """Defines the flags of every training.

        Args:
            values: Where they are defined.
            leave_out: Names of those which a command has no use for.
        """
        table = _TABLE.table
        Settings(
            {name: table[name] for name in table if name not in leave_out}
        ).define_flags(values)

    @classmethod
    def from_flags(cls, values=flags.FLAGS) -> "RunOptions":
        """What the command line asks for."""
        return cls(
            **{
                name: values[name].value
                for name in _TABLE.table
                if name in values
            }
        )

    def limit_threads(self) -> None:
        """Caps TensorFlow's CPU threads; call before the first operation."""
        limit_threads(self.threads)

    def policy(self):
        """The context in which a training builds and runs its networks."""
        return dtype_policy(self.precision)

    def scope(self):
        """The context in which a model must be built to be distributed."""
        if self.distribute == "none":
            return contextlib.nullcontext()
        import tensorflow as tf

        if self.distribute == "mirrored":
            return tf.distribute.MirroredStrategy().scope()
        return tf.distribute.MultiWorkerMirroredStrategy().scope()

    @property
    def compiling(self) -> dict:
        """Arguments of `keras.Model.compile`."""
        return {
            "jit_compile": self.jit_compile,
            "steps_per_execution": self.steps_per_execution,
        }

    def open_run(self, registry: Settings, settings: dict, **facts):
        """Makes the run directory, or opens it again for the same settings.

        Args:
            registry: What is known of the settings.
            settings: The settings, all of them.
            **facts: JSON values of the data, which may not change either.

        Returns:
            The run directory.

        Raises:
            UserError: If it holds a run of another kind, or not the
                checkpoint that is asked for.
        """
        fixed, flexible = registry.parts(settings)
        return open_run(
            self.run_dir,
            fixed | facts | {"seed": self.seed},
            flexible=flexible,
            earlier=registry.stated_since,
            resume_from=self.resume_from,
        )


def limit_threads(threads: int) -> None:
    """Caps TensorFlow's CPU threads; call before the first operation.

    Raises:
        UserError: If TensorFlow already runs with another number.
    """
    if threads and keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        try:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(1)
        except RuntimeError as error:
            raise UserError(
                f"--threads={threads}: TensorFlow has started with another "
                "number already; say it in a new process"
            ) from error
