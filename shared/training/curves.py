"""Pictures of a training: curves as PNG files and TensorBoard summaries."""

import csv
import importlib.util
import pathlib

import keras
import numpy as np


def read_metrics(path) -> dict[str, np.ndarray]:
    """Reads the columns of a metrics CSV; columns without numbers are left out.

    Args:
        path: A file that `keras.callbacks.CSVLogger` wrote.

    Returns:
        float64 arrays by column name, one value an epoch.
    """
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    columns = {}
    for name in rows[0] if rows else ():
        if all(row[name] not in ("", "NA", None) for row in rows):
            columns[name] = np.array([float(row[name]) for row in rows])
    return columns


def plot_curves(metrics_path, picture_path, steps_per_epoch, marks=None):
    """Draws every metric of a run over its steps, one panel each.

    Args:
        metrics_path: The run's metrics CSV.
        picture_path: PNG file to write.
        steps_per_epoch: Steps in an epoch.
        marks: Step by name of events to mark, such as opened gates.
    """
    from matplotlib.figure import Figure

    columns = read_metrics(metrics_path)
    if not columns:
        return
    steps = (columns.pop("epoch") + 1) * steps_per_epoch
    figure = Figure(figsize=(9, 2.2 * len(columns)), layout="constrained")
    panels = figure.subplots(len(columns), squeeze=False)[:, 0]
    for axes, (name, values) in zip(panels, columns.items(), strict=True):
        axes.plot(steps, values, linewidth=1.2)
        axes.set_ylabel(name)
        if name.endswith("_loss") and (values > 0).all():
            axes.set_yscale("log")
        axes.grid(alpha=0.3)
        for row, (mark, step) in enumerate((marks or {}).items()):
            axes.axvline(step, color="tab:red", linewidth=0.7)
            if axes is panels[0]:
                # In turn on four heights: events may lie close together.
                axes.annotate(
                    mark,
                    (step, 1.03 + 0.1 * (row % 4)),
                    xycoords=("data", "axes fraction"),
                    fontsize=7,
                )
    panels[-1].set_xlabel("step")
    figure.savefig(picture_path, dpi=90)


class Curves(keras.callbacks.Callback):
    """Draws the run's curves when training ends, and every few epochs.

    Args:
        run_dir: The run directory, which holds `metrics.csv`.
        steps_per_epoch: Steps in an epoch.
        marks: Returns the steps to mark, by name.
        every: Epochs between drawings.
    """

    def __init__(self, run_dir, steps_per_epoch, marks, every=20):
        super().__init__()
        self.run_dir = pathlib.Path(run_dir)
        self.steps_per_epoch = steps_per_epoch
        self.marks = marks
        self.every = every

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every == 0:
            self.draw()

    def on_train_end(self, logs=None):
        self.draw()

    def draw(self) -> None:
        """Writes `curves.png`."""
        metrics = self.run_dir / "metrics.csv"
        if metrics.exists():
            plot_curves(
                metrics,
                self.run_dir / "curves.png",
                self.steps_per_epoch,
                self.marks(),
            )


class TensorBoard(keras.callbacks.Callback):
    """Writes scalars and pictures for TensorBoard, and the pictures as PNG.

    TensorBoard's writer comes with TensorFlow; on a machine without it the
    PNG files and the metrics CSV remain.

    Args:
        run_dir: The run directory.
        steps_per_epoch: Steps in an epoch.
        pictures: Returns uint8 strips [h, w, 3] by name, from the model.
        every: Epochs between pictures.
    """

    def __init__(self, run_dir, steps_per_epoch, pictures, every=10):
        super().__init__()
        self.run_dir = pathlib.Path(run_dir)
        self.steps_per_epoch = steps_per_epoch
        self.pictures = pictures
        self.every = every
        self.writer = None

    def on_train_begin(self, logs=None):
        if importlib.util.find_spec("tensorflow"):
            import tensorflow as tf

            self.summary = tf.summary
            self.writer = tf.summary.create_file_writer(
                str(self.run_dir / "tensorboard")
            )

    def on_epoch_end(self, epoch, logs=None):
        import cv2

        step = (epoch + 1) * self.steps_per_epoch
        strips = {}
        if (epoch + 1) % self.every == 0:
            strips = self.pictures()
        for name, strip in strips.items():
            cv2.imwrite(str(self.run_dir / f"{name}.png"), strip[..., ::-1])
        if self.writer is None:
            return
        with self.writer.as_default(step=step):
            for name, value in (logs or {}).items():
                self.summary.scalar(name, value)
            for name, strip in strips.items():
                self.summary.image(name, strip[None])
        self.writer.flush()
