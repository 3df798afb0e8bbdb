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

    The first and the last epoch are always measured. Puts `val_miou` into each
    epoch's logs: the last one measured.

    Args:
        judge: Returns the network to measure, at the frames' size, with its
            present weights.
        frames: Labelled frames, see `measure`.
        ignored: Classes that do not count.
        every: Epochs between measurements.
        state: What `get_state` returned before, of a run that goes on.
        best_path: File for the weights at the highest mIoU; None for none.
    """

    def __init__(
        self, judge, frames, ignored, every, state=None, best_path=None
    ):
        super().__init__()
        self.judge, self.frames, self.ignored = judge, frames, ignored
        self.every, self.best_path = every, best_path
        self.state = {"miou": 0.0, "best_miou": 0.0, "best_epoch": 0}
        self.state.update(state or {})

    def get_state(self) -> dict:
        """JSON values: the last and the best mIoU, and the best's epoch."""
        return dict(self.state)

    def describe(self) -> str:
        """The last mIoU and the best so far, for the progress bar."""
        best = ""
        if self.best_path:
            best = (
                f", best {self.state['best_miou']:.2%} "
                f"(epoch {self.state['best_epoch']})"
            )
        return f"val mIoU {self.state['miou']:.2%}{best}"

    def on_epoch_end(self, epoch, logs=None):
        last = epoch + 1 == self.params["epochs"]
        if epoch == 0 or last or (epoch + 1) % self.every == 0:
            sync_weights(self.model)
            self._measure(epoch + 1)
        logs["val_miou"] = self.state["miou"]

    def _measure(self, epoch):
        network = self.judge()
        miou = measure(network, self.frames, self.ignored).mean_iou()
        self.state["miou"] = miou
        if miou > self.state["best_miou"]:
            self.state |= {"best_miou": miou, "best_epoch": epoch}
            if self.best_path:
                path = pathlib.Path(self.best_path)
                partial = path.with_name("best.partial.weights.h5")
                network.save_weights(partial)
                os.replace(partial, path)
