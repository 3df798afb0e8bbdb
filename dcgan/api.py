"""Drawing images with a trained generator: numpy in and out, no Keras.

from dcgan import Generator

images = Generator("mnist").generate(count=16, seed=1)
sevens = Generator("mnist").generate(count=16, seed=1, label=7)
"""

from pathlib import Path

import numpy as np
from absl import flags
from numpy.typing import ArrayLike

from dcgan.latent_space import LatentSpace
from shared import runtime
from shared.model_dir import find_model
from shared.ranges import signed_to_levels

WEIGHTS = Path(__file__).parent / "weights"
GENERATOR = "generator.onnx"
DEFAULT_MODEL = "mnist"
# Runs are always this large, filled up with zeros: a network's last bits
# depend on the size of its batch, and the same seed must give the same image
# however many are asked for.
BATCH = 16


def define_flags(values: flags.FlagValues = flags.FLAGS) -> None:
    """Defines the flags that every command with a trained generator has."""
    flags.DEFINE_string(
        "model",
        DEFAULT_MODEL,
        "Trained model: a name under dcgan/weights, or a directory with "
        "generator.onnx (what dcgan.export writes).",
        flag_values=values,
    )
    runtime.define_flags(values)


class Generator:
    """A trained generator on ONNX Runtime.

    Args:
        model: Name of a model under `dcgan/weights`, or a directory with
            `generator.onnx`.
        threads: Processor threads; 0 takes every core.
        provider: What ONNX Runtime runs on; see `shared.runtime`.

    Attributes:
        metadata: Dict: `dataset`, `size` (pixels), `channels`,
            `latent_size`, `latent` (`normal` or `uniform`), `classes` (those
            that it draws when asked, 0 for none), `step`.

    Raises:
        UserError: If there is no such model, or it is no generator.
    """

    def __init__(
        self,
        model: str | Path = DEFAULT_MODEL,
        threads: int = 0,
        provider: str = "cpu",
    ) -> None:
        path = find_model(model, WEIGHTS, (GENERATOR,)) / GENERATOR
        network = runtime.ExportedNetwork(
            path, "dcgan", "generator", threads, provider
        )
        size = network.value("latent_size", int)
        network.check_sizes({"latent": (size,)}, (None, None, None))
        self._network, self.metadata = network, network.metadata
        self.path = path
        self.space = LatentSpace(
            size,
            network.value("latent", str),
            self.metadata.get("classes", 0),
        )

    @property
    def class_names(self) -> list[str]:
        """Names of the classes, by number; empty where they are not known."""
        return list(self.metadata.get("class_names", []))

    @property
    def latent_size(self) -> int:
        """Numbers of a latent."""
        return self.space.size

    def latents(
        self, count: int, seed: int = 0, label: int | None = None
    ) -> np.ndarray:
        """Draws latents: the first k of a seed are the same for any count.

        Args:
            count: How many, at least 1.
            seed: At least 0.
            label: Class of them all; None draws a class for each. For a
                conditional generator.

        Returns:
            float32 [count, latent_size].

        Raises:
            ValueError: If `count` or `seed` is too small, or the generator
                does not know the class.
        """
        if count < 1 or seed < 0:
            raise ValueError(
                "`count` must be at least 1 and `seed` at least 0. "
                f"Received: count={count}, seed={seed}"
            )
        return self.space.draw(np.random.default_rng(seed), count, label)

    def generate(
        self, count: int = 16, seed: int = 0, label: int | None = None
    ) -> np.ndarray:
        """Draws images of a seed: uint8 [count, H, W, C]; see `latents`."""
        return self.draw(self.latents(count, seed, label))

    def draw(self, latents: ArrayLike) -> np.ndarray:
        """Turns latents into images.

        Args:
            latents: [N, latent_size].

        Returns:
            uint8 [N, H, W, C], C 1 or 3 (RGB).

        Raises:
            ValueError: If the latents have another size.
        """
        latents = np.asarray(latents, np.float32)
        if latents.ndim != 2 or latents.shape[1] != self.latent_size:
            raise ValueError(
                f"`latents` must be [N, {self.latent_size}]. "
                f"Received: {latents.shape}"
            )
        parts = []
        for start in range(0, len(latents), BATCH):
            part = latents[start : start + BATCH]
            batch = np.zeros((BATCH, self.latent_size), np.float32)
            batch[: len(part)] = part
            images = self._network.run(latent=batch)
            parts.append(signed_to_levels(images[: len(part)]))
        return np.concatenate(parts)

    def walks(
        self, count: int, steps: int, seed: int = 0, label: int | None = None
    ) -> np.ndarray:
        """Latents on the way from one to the next, a walk each.

        Normal latents are met along a great circle, since their lengths are
        all about the same; uniform ones along a line.

        Args:
            count: Walks; walk i leads from latent i to latent i + 1.
            steps: Latents of a walk, both ends included, at least 2.
            seed: Seed of the ends.
            label: Class of the ends; see `latents`.

        Returns:
            float32 [count, steps, latent_size].

        Raises:
            ValueError: If a number is too small.
        """
        if steps < 2:
            raise ValueError(f"`steps` must be at least 2. Received: {steps}")
        ends = self.latents(count + 1, seed, label)
        mix = slerp if self.space.law == "normal" else lerp
        shares = np.linspace(0.0, 1.0, steps, dtype=np.float32)
        return np.stack(
            [
                np.stack([mix(a, b, share) for share in shares])
                for a, b in zip(ends[:-1], ends[1:], strict=True)
            ]
        )


def lerp(start: np.ndarray, end: np.ndarray, share: float) -> np.ndarray:
    """The point at `share` (0 to 1) of the line from start to end."""
    return (1 - share) * start + share * end


def slerp(start: np.ndarray, end: np.ndarray, share: float) -> np.ndarray:
    """The point at `share` of the arc from start to end, [Z] each.

    Source: Shoemake, "Animating rotation with quaternion curves", 1985.
    """
    cosine = start @ end / (np.linalg.norm(start) * np.linalg.norm(end))
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))
    if angle < 1e-4:
        return lerp(start, end, share)
    weights = np.sin([(1 - share) * angle, share * angle]) / np.sin(angle)
    return (weights[0] * start + weights[1] * end).astype(np.float32)
