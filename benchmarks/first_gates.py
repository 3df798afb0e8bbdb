"""Does the secret move? Trains several seeds until the image loss starts.

    python -m benchmarks.first_gates --images_dir photos --save_dir gates

Each seed is a training of its own (`stegastamp.train`, no second chance) of
the small preset at another size and with a shorter secret, stopped after
--steps. Writes `gates.png`,
the bit accuracy of every seed with the steps at which its gates opened, and
`gates.json`. A secret loss that stays at .69, which is a bit accuracy of .5,
is the best-known complaint about systems of this kind.
"""

import io
import json
import subprocess
import sys
from pathlib import Path

from absl import flags

from shared import outputs
from shared.command import no_arguments, run_main
from shared.errors import UserError
from shared.images import make_directory
from shared.training import METRICS, latest_checkpoint
from shared.training.curves import read_metrics

STEPS_PER_EPOCH = 50


def train(seed: int, run_dir, values) -> dict:
    """Trains one seed in a process of its own.

    Args:
        seed: Seed of weights, photos and damage.
        run_dir: Run directory; a run that was stopped goes on.
        values: The command's flags.

    Returns:
        `seed`, `opened` (step by gate), `steps` and `bit_accuracy`.

    Raises:
        UserError: If the training fails.
    """
    command = [sys.executable, "-m", "stegastamp.train"]
    command += [f"--images_dir={folder}" for folder in values.images_dir]
    command += [
        f"--run_dir={run_dir}",
        f"--height={values.size}",
        f"--width={values.size}",
        f"--secret_size={values.secret_size}",
        f"--seed={seed}",
        f"--steps={values.steps}",
        f"--steps_per_epoch={STEPS_PER_EPOCH}",
        f"--precision={values.precision}",
        f"--threads={values.threads}",
        "--max_restarts=0",
    ]
    if subprocess.run(command).returncode:
        raise UserError(f"seed {seed}: the training failed; see above")
    state = json.loads(
        (latest_checkpoint(run_dir) / "state.json").read_text("utf-8")
    )
    metrics = read_metrics(run_dir / METRICS)
    return {
        "seed": seed,
        "opened": state["schedule"]["opened"],
        "steps": ((metrics["epoch"] + 1) * STEPS_PER_EPOCH).tolist(),
        "bit_accuracy": metrics["bit_accuracy"].tolist(),
    }


def plot(runs: list[dict]) -> bytes:
    """Draws bit accuracy over steps, one line a seed; dots are gates."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.6), layout="constrained")
    axes = figure.subplots()
    for run in runs:
        (line,) = axes.plot(
            run["steps"], run["bit_accuracy"], label=f"seed {run['seed']}"
        )
        for step in list(run["opened"].values())[1:]:
            at = run["steps"].index(step)
            axes.plot(
                step, run["bit_accuracy"][at], "o", color=line.get_color()
            )
    axes.axhline(0.5, color="gray", linestyle=":", label="a coin")
    axes.set_xlabel("step")
    axes.set_ylabel("bit accuracy")
    axes.legend(loc="lower right")
    axes.grid(alpha=0.3)
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=100)
    return data.getvalue()


def define_flags(values=flags.FLAGS) -> None:
    """Defines this benchmark's flags."""
    flags.DEFINE_multi_string(
        "images_dir",
        None,
        "Folder of photos; may be given several times.",
        flag_values=values,
    )
    outputs.define_save_dir(
        "Where to write to.", "output_dir", values, default="runs/bench/gates"
    )
    for name, default, text, least in (
        ("seeds", 5, "How many seeds.", 1),
        ("steps", 1800, "Steps of each.", 50),
        ("size", 64, "Network size in pixels.", 1),
        ("secret_size", 32, "Bits of the secret.", 1),
        ("threads", 0, "CPU threads; 0 means all of them.", 0),
    ):
        flags.DEFINE_integer(
            name, default, text, lower_bound=least, flag_values=values
        )
    flags.DEFINE_string(
        "precision", "float32", "As in stegastamp.train.", values
    )
    outputs.define_flags(values)
    flags.mark_flag_as_required("images_dir", values)


def main(arguments, values=flags.FLAGS) -> None:
    """Runs the benchmark; exit code 1 if a seed opened no gate."""
    no_arguments(arguments)
    output = Path(values.save_dir)
    table, picture = output / "gates.json", output / "gates.png"
    outputs.refuse_any([table, picture], values.overwrite)
    make_directory(output)
    runs = [
        train(seed, output / f"seed-{seed}", values)
        for seed in range(values.seeds)
    ]
    outputs.write_files(
        {table: json.dumps(runs, indent=1).encode(), picture: plot(runs)},
        values.overwrite,
    )
    for run in runs:
        gates = ", ".join(f"{k} {v}" for k, v in run["opened"].items())
        print(f"seed {run['seed']}: {gates}")
    stuck = [run["seed"] for run in runs if len(run["opened"]) == 1]
    if stuck:
        raise UserError(f"no gate opened for seeds {stuck}")


if __name__ == "__main__":
    define_flags()
    run_main(main)
