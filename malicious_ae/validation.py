"""Measures a network on labelled frames, and keeps the best one."""

import os
import pathlib

import keras
import numpy as np

from shared.segmentation.confusion import Confusion
from shared.training import sync_weights


def measure(network, frames, ignored, batch_size=4) -> Confusion:
    """Segments frames with a Keras network and counts right and wrong.

    Args:
        network: Model of the frames' size.
        frames: Sequence of (uint8 [H, W, 3], uint8 [H, W]).
        ignored: Classes that do not count.
        batch_size: Frames at a time.

    Returns:
        The counts.
    """
    confusion = Confusion(network.output_shape[-1], ignored)
    for start in range(0, len(frames), batch_size):
        stop = min(start + batch_size, len(frames))
        images, labels = zip(
            *(frames[index] for index in range(start, stop)), strict=True
        )
        images = np.stack(images).astype("float32") / 255.0
        missing = batch_size - len(images)
        # One batch size only, so that the network is compiled once.
        padded = np.pad(images, ((0, missing), *((0, 0),) * 3))
        logits = network.predict_on_batch(padded)[: len(images)]
        confusion.add(np.stack(labels), logits.argmax(-1))
    return confusion


class Validation(keras.callbacks.Callback):
    """Measures mIoU every few epochs and keeps the best network's weights.

    Puts `val_miou` into the epoch's logs: the last one measured, 0 before the
    first.

    Args:
        network: The network in training, of any size.
        judge: A copy of it at the frames' size, or the network itself.
        frames: Labelled frames, see `measure`.
        ignored: Classes that do not count.
        run_dir: Where `best.weights.h5` is written.
        every: Epochs between measurements.
        state: What `get_state` returned before, of a run that goes on.
    """

    def __init__(
        self, network, judge, frames, ignored, run_dir, every, state=None
    ):
        super().__init__()
        self.network, self.judge = network, judge
        self.frames, self.ignored = frames, ignored
        self.path = pathlib.Path(run_dir) / "best.weights.h5"
        self.every = every
        self.state = {"miou": 0.0, "best_miou": 0.0, "best_epoch": 0}
        self.state.update(state or {})

    def get_state(self) -> dict:
        """JSON values: the last and the best mIoU, and the best's epoch."""
        return dict(self.state)

    def describe(self) -> str:
        """The best so far, for the progress bar."""
        return (
            f"best val mIoU {self.state['best_miou']:.2%} "
            f"(epoch {self.state['best_epoch']})"
        )

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every == 0:
            sync_weights(self.model)
            self._measure(epoch + 1)
        logs["val_miou"] = self.state["miou"]

    def _measure(self, epoch):
        if self.judge is not self.network:
            self.judge.set_weights(self.network.get_weights())
        miou = measure(self.judge, self.frames, self.ignored).mean_iou()
        self.state["miou"] = miou
        if miou > self.state["best_miou"]:
            self.state |= {"best_miou": miou, "best_epoch": epoch}
            partial = self.path.with_name("best.partial.weights.h5")
            self.network.save_weights(partial)
            os.replace(partial, self.path)
