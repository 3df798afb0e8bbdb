"""Recognisers and generators on ONNX Runtime: no training framework.

from agns.api import Recognizer
names, probabilities = Recognizer("openface42").recognize(faces)
"""

from pathlib import Path

import numpy as np
from absl import flags
from numpy.typing import ArrayLike

import shared.runtime
from agns.people import to_input
from shared.model_dir import find_model
from shared.runtime import ExportedNetwork

WEIGHTS = Path(__file__).parent / "weights"
RECOGNIZER, EYEGLASSES = "openface42", "eyeglasses"


def define_flags(default: str, values: flags.FlagValues = flags.FLAGS) -> None:
    """Defines --model, --threads and --provider."""
    flags.DEFINE_string(
        "model",
        default,
        "Name of a model in agns/weights, or a directory with its ONNX file.",
        flag_values=values,
    )
    shared.runtime.define_flags(values)


def _open_network(role, model, threads, provider):
    name = f"{role}.onnx"
    path = find_model(model, WEIGHTS, [name]) / name
    return ExportedNetwork(path, "agns", role, threads, provider)


class Recognizer:
    """Says whom an aligned face shows.

    Args:
        model: Name of a model that ships in agns/weights, or a directory with
            recognizer.onnx.
        threads: int, processor threads; 0 takes every core.
        provider: Key of `shared.runtime.PROVIDERS`.

    Attributes:
        people: Names, by class.
        size: Side of a face in pixels, to which others are resized.

    Raises:
        UserError: if the model is missing, damaged, or no recogniser.
    """

    def __init__(
        self,
        model: str | Path = RECOGNIZER,
        threads: int = 0,
        provider: str = "cpu",
    ) -> None:
        network = _open_network("recognizer", model, threads, provider)
        self.path = network.path
        self.people = network.value("people", lambda p: [*map(str, p)])
        self.size = network.value("size", int)
        self._low = network.value("low", float)
        face = (self.size, self.size, 3)
        network.check_sizes({"face": face}, (len(self.people),))
        self._network = network

    def probabilities(
        self, faces: ArrayLike, batch_size: int = 64
    ) -> np.ndarray:
        """Whom faces show.

        Args:
            faces: [N, H, H, 3] RGB, uint8 or float in [0, 1], aligned.
            batch_size: Faces at a time.

        Returns:
            float32 [N, people].

        Raises:
            ValueError: for another shape or type.
        """
        faces = np.asarray(faces)
        if (
            faces.ndim != 4
            or faces.shape[1] != faces.shape[2]
            or faces.shape[3] != 3
            or faces.dtype not in (np.uint8, np.float32)
        ):
            raise ValueError(
                "`faces` must be square, [N, H, H, 3] of uint8 or float32. "
                f"Received: shape={faces.shape}, dtype={faces.dtype}"
            )
        found = [
            self._network.run(
                face=to_input(faces[i : i + batch_size], self.size, self._low)
            )
            for i in range(0, len(faces), batch_size)
        ]
        return np.concatenate(found)

    def recognize(self, faces: ArrayLike) -> tuple[list[str], list[float]]:
        """Names, and the probabilities of them: lists of one length."""
        found = self.probabilities(faces)
        best = found.argmax(axis=1)
        return [self.people[i] for i in best], found.max(axis=1).tolist()


class Generator:
    """Makes eyeglass frames.

    Args:
        model: Name of a model that ships in agns/weights, or a directory with
            generator.onnx.
        threads: int, processor threads; 0 takes every core.
        provider: Key of `shared.runtime.PROVIDERS`.

    Raises:
        UserError: if the model is missing, damaged, or no generator.
    """

    def __init__(
        self,
        model: str | Path = EYEGLASSES,
        threads: int = 0,
        provider: str = "cpu",
    ) -> None:
        self._network = _open_network("generator", model, threads, provider)

    def glasses(self, count: int, seed: int = 0) -> np.ndarray:
        """Random glasses: float32 [count, 64, 176, 3] in [-1, 1]."""
        shape = self._network.session.get_inputs()[0].shape
        random = np.random.default_rng(seed)
        codes = random.normal(size=(count, shape[1])).astype(np.float32)
        return self._network.run(code=codes)
