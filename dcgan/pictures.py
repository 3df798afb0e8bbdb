"""Pictures of a training: grids, the animation, both players' curves."""

from pathlib import Path

import numpy as np
from PIL import Image

from shared.grids import write_gif
from shared.training.curves import read_metrics

GRIDS = "grids"
LOSSES = {"generator_loss": "generator", "discriminator_loss": "discriminator"}
ACCURACIES = {
    "generator_accuracy": "generated called real",
    "real_accuracy": "real called real",
    "fake_accuracy": "generated called generated",
}


def plot_players(metrics_path, picture_path, steps_per_report, marks=None):
    """Draws the losses and the accuracies of both players, one panel each.

    Args:
        metrics_path: The run's metrics CSV.
        picture_path: PNG file to write.
        steps_per_report: Steps between its rows.
        marks: Step by name of events to mark.
    """
    from matplotlib.figure import Figure

    columns = read_metrics(metrics_path)
    if not columns:
        return
    steps = (columns["epoch"] + 1) * steps_per_report
    figure = Figure(figsize=(9, 6), layout="constrained")
    panels = figure.subplots(2, 1, sharex=True)
    for axes, curves, title in (
        (panels[0], LOSSES, "loss, nats"),
        (panels[1], ACCURACIES, "share of images"),
    ):
        for name, label in curves.items():
            axes.plot(steps, columns[name], label=label, linewidth=1.4)
        axes.set_ylabel(title)
        axes.grid(alpha=0.3)
        axes.legend(loc="best", fontsize=8)
        for step in (marks or {}).values():
            axes.axvline(step, color="tab:red", linewidth=0.7)
    for mark, step in (marks or {}).items():
        panels[0].annotate(
            mark,
            (step, 1.02),
            xycoords=("data", "axes fraction"),
            fontsize=7,
        )
    panels[0].set_ylim(bottom=0)
    panels[1].set_ylim(0, 1)
    panels[1].set_xlabel("step")
    figure.savefig(picture_path, dpi=90)


def animate(run_dir) -> Path | None:
    """Joins the grids of a run to `progress.gif`; None if there are none."""
    run_dir = Path(run_dir)
    frames = [
        np.asarray(Image.open(path).convert("RGB"))
        for path in sorted((run_dir / GRIDS).glob("*.png"))
    ]
    if not frames:
        return None
    write_gif(run_dir / "progress.gif", frames, overwrite=True)
    return run_dir / "progress.gif"
