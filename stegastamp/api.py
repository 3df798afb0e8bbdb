"""Hide and read messages from Python: numpy in, numpy out.

    import stegastamp

    stamped, residual = stegastamp.Encoder().encode(photo, "Stega!!")
    found = stegastamp.Decoder().decode(stamped)
    print(found.message, found.corrected_bits)

Photos stay whole, whatever their size and shape: the network sees the photo
shrunk to its own size, and its residual is resized onto the photo.
"""

import collections
import contextlib
import dataclasses
import functools
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from absl import flags
from numpy.typing import ArrayLike

from shared import images, runtime
from shared.errors import UserError, check_choice
from shared.images import resize_area
from shared.model_dir import find_model, hash_file
from shared.runtime import ExportedNetwork
from stegastamp import balance, looks, refine
from stegastamp.align import OFFERED, OFFERED_LATER, align
from stegastamp.message import MAX_CORRECTED, Decoded, MessageCodec, confidence
from stegastamp.photo_arrays import LUMA, as_rgb, blend, split
from stegastamp.read_back import (
    AT_THIS_PSNR,
    ReadBack,
    other_strength,
    unreadable,
)
from stegastamp.views import list_views, look

WEIGHTS = Path(__file__).parent / "weights"
# What the model that ships carries in every photo tried; at 52 not in a third.
MIN_SIDE = 64
# A view other than the first of its group must be surer by this for the tilt
# to start there: of a tilted photo all views are unsure, and which of them is
# the surest is chance.
LEAD = 0.05


def define_flags(values: flags.FlagValues = flags.FLAGS) -> None:
    """Defines the flags that every command with a trained model has."""
    flags.DEFINE_string(
        "model",
        "small",
        "Trained model: a name under stegastamp/weights, or a directory with "
        "encoder.onnx and decoder.onnx (what stegastamp.export writes).",
        flag_values=values,
    )
    runtime.define_flags(values)
    images.define_flags(values)


def define_hiding_flags(values: flags.FlagValues = flags.FLAGS) -> None:
    """Defines the flags that say how much of a stamp is seen."""
    flags.DEFINE_enum(
        "effort",
        None,
        list(refine.EFFORTS),
        "How long each stamp is refined on its photo: 0 not at all, 1 about "
        "two seconds, best about ten. By default 1, or 0 for a model without "
        "gradient.onnx.",
        flag_values=values,
    )
    flags.DEFINE_float(
        "target_psnr",
        None,
        "PSNR in dB of the stamped photos, at which the message is hidden as "
        "safely as can be; by default what it needs.",
        lower_bound=20.0,
        upper_bound=60.0,
        flag_values=values,
    )
    flags.DEFINE_enum(
        "target_robustness",
        "print",
        list(looks.LOOKS),
        "What the message is to hold out against: print also a camera's tilt, "
        "glare and JPEG 20; web a JPEG of 50 and a small crop, and less of it "
        "is seen.",
        flag_values=values,
    )


class Timings(collections.defaultdict):
    """Seconds spent by stage, added up."""

    def __init__(self) -> None:
        super().__init__(float)

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Adds the time of a `with` block to the stage `name`."""
        start = time.perf_counter()
        yield
        self[name] += time.perf_counter() - start

    def __str__(self) -> str:
        parts = [f"{name} {1e3 * spent:.1f} ms" for name, spent in self.items()]
        return ", ".join([*parts, f"total {1e3 * sum(self.values()):.1f} ms"])


def words_tried(views: str = "fast", rotations: bool = False) -> int:
    """How many words `Decoder.decode` may try on one photo.

    With it goes the bound on how often an unmarked photo is taken for a
    marked one, `MessageCodec.false_positive_rate(words)`: for 100 bits 1.4e-8
    times the words, and below 1e-6 for all that can be asked for; with a key
    it is the same.
    """
    first, *later = list_views(views, rotations)
    words = len(first) + sum(OFFERED)
    return words + sum(len(group) + sum(OFFERED_LATER) for group in later)


def find_stamp_model(model: str | Path) -> Path:
    """`find_model` among the models that ship in stegastamp/weights."""
    return find_model(model, WEIGHTS, ("encoder.onnx", "decoder.onnx"))


class _Network(ExportedNetwork):
    """One exported network with what its metadata says about it."""

    def __init__(self, role, model, threads, provider):
        path = find_stamp_model(model) / f"{role}.onnx"
        # The gradient's weights are those of the decoder, and between its runs
        # photos are damaged.
        folder = path.parent if role == "gradient" else None
        super().__init__(
            path,
            "stegastamp",
            role,
            threads,
            provider,
            weights_dir=folder,
            spin=role != "gradient",
        )
        self.height = self.value("height", int)
        self.width = self.value("width", int)
        # Files exported before the network did it itself leave the mean in.
        self.tints = role == "encoder" and "zero_mean" not in self.metadata
        image = (self.height, self.width, None)
        secret = (self.value("secret_size", int),)
        if role == "encoder":
            self.check_sizes({"image": image, "secret": secret}, image)
        elif role == "gradient":
            self._check_gradient(image, secret)
        else:
            self.check_sizes({"image": image}, secret)
        try:
            self.codec = MessageCodec(*secret)
        except ValueError as error:
            raise UserError(f"{self.path}: {error}") from error

    def _check_gradient(self, image, secret):
        self.check_sizes({"image": image, "sign": secret, "margin": ()}, secret)
        decoder = self.path.with_name("decoder.onnx")
        if self.value("weights_sha256", str) != hash_file(decoder):
            raise UserError(
                f"{self.path}: belongs to another decoder.onnx; export both "
                "again"
            )

    def differentiate(self, photos, signs, margin):
        """The gradient of the bits' loss; see `shared.onnx_gradient`."""
        inputs = {
            "image": photos,
            "sign": signs,
            "margin": np.array([margin], np.float32),
        }
        names = ["gradient"]
        return runtime.run_session(self.session, self.path, inputs, names)[0]


class Encoder:
    """Hides messages in photos.

    Each photo's stamp is refined on the photo, so that little of it is seen
    (`stegastamp.refine`), damaged and read back, and multiplied by the least
    at which the message has errors to spare (`stegastamp.read_back`).

    Args:
        model: name of a model that ships in stegastamp/weights, or a
            directory with encoder.onnx.
        threads: int, processor threads of the network; 0 takes every core.
        provider: key of `shared.runtime.PROVIDERS`.
        read_back: bool; False takes the stamp as the network gives it.
        effort: how long a stamp is refined, a key of
            `stegastamp.refine.EFFORTS`: 0 not at all, 1 about two seconds,
            "best" about ten. None is 1, but 0 for a model that has no
            gradient.onnx, and without `read_back`.

    Attributes:
        codec: MessageCodec; `codec.message_bytes` says what fits.
        decoder: Decoder of the same model, None without `read_back`.
        effort: str, what was chosen.

    Raises:
        UserError: if the model is missing, damaged, or no StegaStamp encoder,
            or has no gradient.onnx for the effort asked for.
        ValueError: for another effort, or one without `read_back`.
    """

    def __init__(
        self,
        model: str | Path = "small",
        threads: int = 0,
        provider: str = "cpu",
        *,
        read_back: bool = True,
        effort: str | int | None = None,
    ) -> None:
        self._network = _Network("encoder", model, threads, provider)
        self.codec = self._network.codec
        self.decoder = Decoder(model, threads, provider) if read_back else None
        if effort is None:
            gradient = find_stamp_model(model) / "gradient.onnx"
            effort = 1 if read_back and gradient.is_file() else 0
        self.effort = str(effort)
        check_choice("effort", self.effort, refine.EFFORTS)
        self._effort = refine.EFFORTS[self.effort]
        self._gradient = None
        if self._effort.steps:
            if not read_back:
                raise ValueError("an effort above 0 needs read_back=True")
            self._gradient = _Network("gradient", model, threads, provider)

    def encode(
        self,
        image: ArrayLike,
        message: str,
        strength: float = 1.0,
        timings: Timings | None = None,
        *,
        key: str | None = None,
        check: bool = True,
        report: ReadBack | None = None,
        target_psnr: float | None = None,
        target_robustness: str = "print",
    ) -> tuple[np.ndarray, np.ndarray]:
        """Hides a message in one photo.

        The network's residual is resized cubically to the photo, multiplied
        by `strength` (and by what the read-back asks for), and added. A gray
        photo gets the residual's luma.

        Args:
            image: [H, W], [H, W, 1], [H, W, 3] RGB or [H, W, 4] RGBA; uint8,
                uint16, or float in [0, 1]; both sides at least `MIN_SIDE`
                pixels, or the network's if that is smaller.
            message: str of at most `codec.message_bytes` bytes in UTF-8.
            strength: float > 0; 1 is what the model was trained for, more is
                more robust and more visible.
            timings: optional Timings, to which resize, network, read back,
                blend and check are added.
            key: str that will be needed to read the message, or None; see
                `stegastamp.keyed`.
            check: bool; False returns a stamped photo of which the message
                cannot be read, too. Without `read_back` nothing is checked.
            report: optional `stegastamp.read_back.ReadBack`, into which goes
                what the read-back said of the stamp.
            target_psnr: dB of the stamped photo. The stamp is as strong as
                that allows, and no stronger nor weaker; None takes what the
                message needs.
            target_robustness: what the message holds out against: "print"
                (JPEG of 20, noise, blur, glare, a camera's tilt) or "web"
                (JPEG of 50, small crops, a little light), of which less is
                seen.

        Returns:
            (stamped, residual): the photo in the shape and type of `image`,
            alpha untouched; float32 [H, W, 3] (gray: [H, W, 1]), what was
            added, as a share of full scale, before clipping.

        Raises:
            ValueError: for a photo, message, key or target that is not as
                above, and for a photo that does not carry its message (see
                `check`).
        """
        timings = Timings() if timings is None else timings
        if not 0 < strength < float("inf"):
            raise ValueError(f"strength must be positive. Received: {strength}")
        aim = self._aim(strength, target_psnr, target_robustness)
        secret = self.codec.encode(message, key)
        color, alpha, scale = split(image)
        height, width, _ = color.shape
        least = min(MIN_SIDE, self._network.height, self._network.width)
        if min(height, width) < least:
            raise ValueError(
                f"a photo of {width} x {height} pixels is too small to carry "
                f"a message; both sides must be at least {least}"
            )
        plain = self._residual(color, scale, secret, timings)
        factor = strength
        if self.decoder:
            with timings.stage("refine" if self._gradient else "read back"):
                plain, found = balance.balance(
                    self.decoder.logits,
                    self._gradient and self._gradient.differentiate,
                    color,
                    scale,
                    plain,
                    secret,
                    self._effort,
                    aim,
                )
            factor = found.factor
            if report is not None:
                vars(report).update(vars(found))
        with timings.stage("blend"):
            stamped, residual = blend(color, plain * np.float32(factor), scale)
        if check and self.decoder:
            with timings.stage("check"):
                if not self.decoder.carries(stamped, secret):
                    share = plain * np.float32(factor / strength)
                    self._refuse(color, share, scale, secret, aim)
        if alpha is not None:
            stamped = np.concatenate([stamped, alpha], axis=2)
        return stamped.reshape(np.shape(image)), residual

    def _aim(self, strength, target_psnr, target_robustness):
        check_choice("target_robustness", target_robustness, looks.LOOKS)
        if target_psnr is not None:
            if strength != 1.0:
                raise ValueError("give one of strength and target_psnr")
            if not self.decoder:
                raise ValueError("target_psnr needs read_back=True")
            if not 20 <= target_psnr <= 60:
                raise ValueError(
                    "target_psnr must be between 20 and 60 dB. Received: "
                    f"{target_psnr}"
                )
        return balance.Aim(strength, target_robustness, target_psnr)

    def _residual(self, color, scale, secret, timings):
        """What the network adds, at its own size and unscaled."""
        network = self._network
        with timings.stage("resize"):
            small = resize_area(color, network.height, network.width)
            small = as_rgb(small / np.float32(scale))
        with timings.stage("network"):
            residual = network.run(
                image=small[None], secret=secret[None].astype(np.float32)
            )[0]
        with timings.stage("blend"):
            if network.tints:
                residual = residual - residual.mean((0, 1), keepdims=True)
            if color.shape[2] == 1:
                residual = (residual @ LUMA)[..., None]
        return residual

    def _refuse(self, color, residual, scale, secret, aim):
        """Says whether another strength makes the message readable."""
        if aim.psnr is not None:
            raise ValueError(AT_THIS_PSNR)
        decoder: Any = self.decoder

        def reads(other):
            stamped, _ = blend(color, residual * np.float32(other), scale)
            wrong = (decoder.logits([stamped])[0] > 0) != secret
            return np.count_nonzero(wrong) <= MAX_CORRECTED

        other = other_strength(reads, aim.strength)
        if other is None:
            raise ValueError(unreadable(self.effort))
        raise ValueError(
            "the message cannot be read back from the stamped photo; "
            f"strength={other:g} holds it"
        )


class Decoder:
    """Reads messages from photos.

    Args:
        model: name of a model that ships in stegastamp/weights, or a
            directory with decoder.onnx.
        threads: int, processor threads of the network; 0 takes every core.
        provider: key of `shared.runtime.PROVIDERS`.

    Attributes:
        codec: MessageCodec; `codec.false_positive_rate(views)` bounds how
            often an unmarked photo is read as marked.

    Raises:
        UserError: if the model is missing, damaged, or no StegaStamp decoder.
    """

    def __init__(
        self,
        model: str | Path = "small",
        threads: int = 0,
        provider: str = "cpu",
    ) -> None:
        self._network = _Network("decoder", model, threads, provider)
        self.codec = self._network.codec

    def logits(self, photos: Iterable[ArrayLike]) -> np.ndarray:
        """The network's answer for whole photos, for measuring.

        Args:
            photos: sequence of photos; see `decode`. They may differ in size.

        Returns:
            float32 [N, secret_size]; a bit is 1 where its logit is positive.

        Raises:
            ValueError: for a photo that is not as in `decode`.
        """
        network = self._network
        batch = []
        for image in photos:
            color, _, scale = split(image)
            small = resize_area(color, network.height, network.width)
            batch.append(as_rgb(small / np.float32(scale)))
        return network.run(image=np.stack(batch))

    def decode(
        self,
        image: ArrayLike,
        views: str = "fast",
        rotations: bool = False,
        timings: Timings | None = None,
        *,
        key: str | None = None,
    ) -> Decoded | None:
        """Looks for a message in one photo.

        The whole photo is read first. If it carries no message, the photo is
        read as if a border had been cropped from it, or added to it, or as if
        it were mirrored or had been turned by a few degrees; then the view of
        which the network was surest is tilted until the network is surer still
        (`stegastamp.align`). Each wider setting does all of this first, and
        then the same with views of its own. The first view with a message wins.
        An unmarked photo is read as marked with a probability of at most
        `codec.false_positive_rate(words_tried(views, rotations))`.

        Args:
            image: [H, W], [H, W, 1], [H, W, 3] RGB or [H, W, 4] RGBA; uint8,
                uint16, or float in [0, 1]; any size.
            views: "fast" (13 views) or "thorough" (31 views).
            rotations: bool, also look at the photo turned by 90, 180 and 270
                degrees, mirrored or not (21 views more).
            timings: optional Timings, to which resize, network, views and
                align are added.
            key: str that the message was hidden with. Messages under another
                key, or none, are then not found, and without it none that has
                a key; the bound above holds for either.

        Returns:
            Decoded, or None if there is no message.

        Raises:
            ValueError: for a photo that is not as above, or an empty key.
        """
        timings = Timings() if timings is None else timings
        for logits, view in self._words(image, views, rotations, timings):
            found = self.codec.decode(logits, key)
            if found:
                return dataclasses.replace(found, view=view.name)
        return None

    def carries(self, image: ArrayLike, secret: np.ndarray) -> bool:
        """Whether `decode` reads a certain word from a photo.

        Args:
            image: see `decode`.
            secret: [secret_size] of 0 and 1, as `codec.encode` makes it.

        Returns:
            bool.

        Raises:
            ValueError: for a photo that is not as in `decode`.
        """
        words = self._words(image, "fast", False, Timings())
        return any(
            np.count_nonzero((logits > 0) != secret) <= MAX_CORRECTED
            for logits, _ in words
        )

    def _words(self, image, views, rotations, timings):
        """Yields (logits [S], View), in the order in which they are tried."""
        network = self._network
        groups = list_views(views, rotations)
        color, _, scale = split(image)
        aspect = color.shape[1] / color.shape[0]
        with timings.stage("resize"):
            # Every view is cut from one copy, of twice the network's size so
            # that cutting costs no sharpness.
            copy = resize_area(color, 2 * network.height, 2 * network.width)
            copy = as_rgb(copy / np.float32(scale))
            whole = cv2.resize(
                copy,
                (network.width, network.height),
                interpolation=cv2.INTER_AREA,
            )
        with timings.stage("network"):
            logits = network.run(image=whole[None])
        yield logits[0], groups[0][0]

        def read(stage, views):
            with timings.stage(stage):
                cut = [
                    look(copy, view, network.height, network.width, aspect)
                    for view in views
                ]
                return network.run(image=np.stack(cut))

        offered = OFFERED
        for group in groups:
            # Of the first group, the whole photo has been read.
            known = len(logits)
            logits = np.concatenate([logits, read("views", group[known:])])
            yield from zip(logits[known:], group[known:], strict=True)
            sure = confidence(logits) * [view.tilts for view in group]
            sure[0] += LEAD
            surest = group[int(np.argmax(sure))]
            tilt = functools.partial(read, "align")
            yield from align(tilt, surest, offered)
            offered, logits = OFFERED_LATER, logits[:0]
