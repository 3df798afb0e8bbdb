"""Segment and attack from Python: numpy in, numpy out.

    import malicious_ae

    labels = malicious_ae.Segmenter().segment(photo)
    attacked = malicious_ae.Attacker().attack(photo)

Photos stay whole, whatever their size: the network sees the photo resized to
its own size, and its answer, labels or residual, is resized onto the photo.
"""

from pathlib import Path

import cv2
import numpy as np
from absl import flags
from numpy.typing import ArrayLike

from malicious_ae.classes import CLASS_LISTS, from_record
from malicious_ae.data import resize_frame, resize_labels
from shared import images, runtime
from shared.errors import UserError
from shared.model_dir import find_model
from shared.ranges import unit_to_levels
from shared.runtime import ExportedNetwork

WEIGHTS = Path(__file__).parent / "weights"
VICTIM = "camvid"
ATTACKER = "camvid_autoencoder"


def define_flags(values: flags.FlagValues = flags.FLAGS) -> None:
    """Defines the flags that every command with a trained model has."""
    flags.DEFINE_string(
        "model",
        VICTIM,
        "Victim: a name under malicious_ae/weights, or a directory with "
        "enet.onnx (what malicious_ae.export writes).",
        flag_values=values,
    )
    runtime.define_flags(values)
    images.define_flags(values)


class _Network(ExportedNetwork):
    """One exported network with what its metadata says about it."""

    def __init__(self, role, model, threads, provider, flag="model"):
        name = f"{role}.onnx"
        path = find_model(model, WEIGHTS, (name,), flag) / name
        super().__init__(path, "malicious_ae", role, threads, provider)
        self.height = self.value("height", int)
        self.width = self.value("width", int)
        if "classes" in self.metadata:
            self.classes = self.value("classes", from_record)
        else:
            self.classes = self.value("dataset", CLASS_LISTS.__getitem__)
        size = (self.height, self.width)
        channels = self.classes.count if role == "enet" else 3
        self.check_sizes({"image": (*size, 3)}, (*size, channels))

    def frame(self, photo):
        """A photo, uint8 [H, W] or [H, W, 3], at the network's size.

        Raises:
            ValueError: for any other array.
        """
        photo = np.asarray(photo)
        if photo.dtype != np.uint8 or photo.ndim not in (2, 3):
            raise ValueError(
                "need uint8 [H, W] or [H, W, 3]. Received: "
                f"{photo.dtype} {photo.shape}"
            )
        if photo.ndim == 2:
            photo = np.stack([photo] * 3, axis=-1)
        if photo.shape[2] != 3:
            raise ValueError(f"need RGB. Received: shape={photo.shape}")
        return resize_frame(photo, self.height, self.width)


class Segmenter:
    """An exported ENet.

    Args:
        model: name under `weights`, or directory with enet.onnx.
        threads, provider: as in `shared.runtime.open_session`.
        flag: the flag that gave the model, for messages.

    Attributes:
        path: of enet.onnx.
        classes: what the labels mean, a `ClassList`.
        height, width: of the network, in pixels.

    Raises:
        UserError: if the model is missing or broken.
    """

    def __init__(
        self,
        model: str | Path = VICTIM,
        threads: int = 0,
        provider: str = "cpu",
        *,
        flag: str = "model",
    ) -> None:
        self._network = _Network("enet", model, threads, provider, flag)
        self.path = self._network.path
        self.classes = self._network.classes
        self.height, self.width = self._network.height, self._network.width

    def logits(self, frames: ArrayLike) -> np.ndarray:
        """Logits of frames of the network's own size.

        Args:
            frames: uint8 [N, height, width, 3], or float32 in [0, 1].

        Returns:
            float32 [N, height, width, classes].
        """
        frames = np.asarray(frames)
        if frames.dtype == np.uint8:
            frames = frames.astype(np.float32) / np.float32(255)
        return self._network.run(image=frames)

    def segment(self, photo: ArrayLike) -> np.ndarray:
        """Labels every pixel of a photo.

        Args:
            photo: uint8 [H, W, 3] RGB or [H, W], of any size.

        Returns:
            uint8 [H, W], indices of `classes`.

        Raises:
            ValueError: for any other array.
        """
        frame = self._network.frame(photo)
        labels = self.logits(frame[None])[0].argmax(-1).astype(np.uint8)
        return resize_labels(labels, *np.asarray(photo).shape[:2])


class Attacker:
    """An exported attacker.

    Args:
        model: name under `weights`, or directory with attacker.onnx.
        threads, provider: as in `shared.runtime.open_session`.

    Attributes:
        path: of attacker.onnx.
        classes: of the victim it was trained against.
        height, width: of the network, in pixels.
        metadata: how it was trained.

    Raises:
        UserError: if the model is missing or broken.
    """

    def __init__(
        self,
        model: str | Path = ATTACKER,
        threads: int = 0,
        provider: str = "cpu",
    ) -> None:
        self._network = _Network(
            "attacker", model, threads, provider, "attacker"
        )
        self.path = self._network.path
        self.classes = self._network.classes
        self.height, self.width = self._network.height, self._network.width
        self.metadata = self._network.metadata

    def attack(self, photo: ArrayLike) -> np.ndarray:
        """Transforms a photo, which stays at its size.

        Args:
            photo: uint8 [H, W, 3] RGB or [H, W], of any size.

        Returns:
            uint8 [H, W, 3].

        Raises:
            ValueError: for any other array.
        """
        photo = np.asarray(photo)
        frame = self._network.frame(photo)
        attacked = self._network.run(image=frame[None].astype("f") / 255)[0]
        if photo.shape == frame.shape:
            return unit_to_levels(attacked)
        if photo.ndim == 2:
            photo = np.stack([photo] * 3, axis=-1)
        residual = cv2.resize(
            attacked - frame.astype("f") / 255,
            photo.shape[1::-1],
            interpolation=cv2.INTER_LINEAR,
        )
        return unit_to_levels(photo.astype("f") / 255 + residual)


def check_fit(attacker: Attacker, segmenter: Segmenter) -> None:
    """Refuses an attacker and a victim of different sizes or classes.

    Raises:
        UserError: saying what differs.
    """
    for what, of_attacker, of_victim in (
        (
            "list of classes",
            ", ".join(attacker.classes.names),
            ", ".join(segmenter.classes.names),
        ),
        (
            "size",
            f"{attacker.width}x{attacker.height}",
            f"{segmenter.width}x{segmenter.height}",
        ),
    ):
        if of_attacker != of_victim:
            raise UserError(
                f"--attacker: its {what} is {of_attacker}, the victim's is "
                f"{of_victim}; they must be the same"
            )
