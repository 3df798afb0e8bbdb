"""Recognisers and generators on ONNX Runtime: no training framework.

from agns.api import Recognizer
names, probabilities = Recognizer("openface42").recognize(faces)
"""

from pathlib import Path

import numpy as np
from absl import flags

import shared.runtime
from agns.people import to_input
from shared.errors import UserError
from shared.model_dir import find_model
from shared.runtime import open_session, read_metadata

WEIGHTS = Path(__file__).parent / "weights"
RECOGNIZER, EYEGLASSES = "openface42", "eyeglasses"


def define_flags(default, values=flags.FLAGS):
    """Defines --model, --threads and --provider."""
    flags.DEFINE_string(
        "model",
        default,
        "Name of a model in agns/weights, or a directory with its ONNX file.",
        flag_values=values,
    )
    shared.runtime.define_flags(values)


class _Network:
    """One exported network and what its metadata says."""

    def __init__(self, role, model, threads, provider):
        name = f"{role}.onnx"
        self.path = find_model(model, WEIGHTS, [name]) / name
        self.session = open_session(self.path, threads, provider)
        self.metadata = read_metadata(self.session, "agns", self.path)
        if self.metadata.get("role") != role:
            raise UserError(
                f"{self.path}: holds the {self.metadata.get('role')}; export "
                f"the {role} to this name"
            )

    def run(self, array):
        """The answer to one batch."""
        name = self.session.get_inputs()[0].name
        try:
            return self.session.run(None, {name: array})[0]
        except Exception as error:
            # ONNX Runtime's own exception types are private to its C library.
            raise UserError(
                f"{self.path}: the network failed: "
                f"{str(error).splitlines()[0][:160]}"
            ) from error


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

    def __init__(self, model=RECOGNIZER, threads=0, provider="cpu"):
        self._network = _Network("recognizer", model, threads, provider)
        metadata = self._network.metadata
        try:
            self.people = [str(name) for name in metadata["people"]]
            self.size = int(metadata["size"])
            self._low = float(metadata["low"])
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(
                f"{self._network.path}: its metadata is incomplete ({error}); "
                "export it again"
            ) from error
        inside = self._network.session.get_inputs()[0].shape[1]
        outside = self._network.session.get_outputs()[0].shape[1]
        if (inside, outside) != (self.size, len(self.people)):
            raise UserError(
                f"{self._network.path}: takes faces of {inside} pixels and "
                f"knows {outside} people, its metadata says {self.size} and "
                f"{len(self.people)}; export it again"
            )

    def probabilities(self, faces, batch_size=64):
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
                to_input(faces[i : i + batch_size], self.size, self._low)
            )
            for i in range(0, len(faces), batch_size)
        ]
        return np.concatenate(found)

    def recognize(self, faces):
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

    def __init__(self, model=EYEGLASSES, threads=0, provider="cpu"):
        self._network = _Network("generator", model, threads, provider)

    def glasses(self, count, seed=0):
        """Random glasses: float32 [count, 64, 176, 3] in [-1, 1]."""
        shape = self._network.session.get_inputs()[0].shape
        random = np.random.default_rng(seed)
        codes = random.normal(size=(count, shape[1])).astype(np.float32)
        return self._network.run(codes)
