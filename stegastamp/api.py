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
import time
from pathlib import Path

import cv2
import numpy as np
from absl import flags

from shared import images, runtime
from shared.errors import UserError
from shared.images import resize_area
from shared.model_dir import find_model
from shared.runtime import open_session, read_metadata
from stegastamp.align import WORDS, align
from stegastamp.message import MessageCodec, confidence
from stegastamp.read_back import copy_of, least_factor
from stegastamp.views import list_views, look

WEIGHTS = Path(__file__).parent / "weights"
MIN_SIDE = 32

# Rec. 601 luma of RGB, as in JPEG.
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def define_flags(values=flags.FLAGS):
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


class Timings(collections.defaultdict):
    """Seconds spent by stage, added up."""

    def __init__(self):
        super().__init__(float)

    @contextlib.contextmanager
    def stage(self, name):
        """Adds the time of a `with` block to the stage `name`."""
        start = time.perf_counter()
        yield
        self[name] += time.perf_counter() - start

    def __str__(self):
        parts = [f"{name} {1e3 * spent:.1f} ms" for name, spent in self.items()]
        return ", ".join([*parts, f"total {1e3 * sum(self.values()):.1f} ms"])


def words_tried(views="fast", rotations=False):
    """How many words `Decoder.decode` may try on one photo.

    With it goes the bound on how often an unmarked photo is taken for a
    marked one, `MessageCodec.false_positive_rate(words)`: for 100 bits 1.4e-8
    times the words, and below 1e-6 for all that can be asked for; with a key
    it is the same.
    """
    return len(list_views(views, rotations)) + WORDS


def find_stamp_model(model):
    """`find_model` among the models that ship in stegastamp/weights."""
    return find_model(model, WEIGHTS, ("encoder.onnx", "decoder.onnx"))


class _Network:
    """One exported network with what its metadata says about it."""

    def __init__(self, role, model, threads, provider):
        self.path = find_stamp_model(model) / f"{role}.onnx"
        self.session = open_session(self.path, threads, provider)
        metadata = read_metadata(self.session, "stegastamp", self.path)
        try:
            if metadata["role"] != role:
                raise UserError(
                    f"{self.path}: holds the {metadata['role']}; export the "
                    f"{role} to this name"
                )
            self.height = int(metadata["height"])
            self.width = int(metadata["width"])
            self.secret_size = int(metadata["secret_size"])
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(
                f"{self.path}: its metadata is incomplete ({error}); export "
                "it again"
            ) from error
        # Files exported before the network did it itself leave the mean in.
        self.tints = role == "encoder" and "zero_mean" not in metadata
        self._check_shapes(role)
        try:
            self.codec = MessageCodec(self.secret_size)
        except ValueError as error:
            raise UserError(f"{self.path}: {error}") from error

    def _check_shapes(self, role):
        inputs = {node.name: node.shape for node in self.session.get_inputs()}
        if role == "encoder":
            names, secret = {"image", "secret"}, inputs.get("secret")
        else:
            names, secret = {"image"}, self.session.get_outputs()[0].shape
        if set(inputs) != names:
            raise UserError(
                f"{self.path}: has inputs {sorted(inputs)} where the {role} "
                f"has {sorted(names)}; export it again"
            )
        image = inputs["image"][1:3]
        fixed = [*zip(image, (self.height, self.width), strict=True)]
        fixed.append((secret[-1], self.secret_size))
        for actual, said in fixed:
            # A free dimension is None or a name.
            if isinstance(actual, int) and actual != said:
                raise UserError(
                    f"{self.path}: its network has a size of {actual} where "
                    f"its metadata says {said} (another secret or image "
                    "size); export it again"
                )

    def run(self, **inputs):
        try:
            return self.session.run(None, inputs)[0]
        except Exception as error:
            # ONNX Runtime's own exception types are private to its C library.
            raise UserError(
                f"{self.path}: the network failed: "
                f"{str(error).splitlines()[0][:160]}"
            ) from error


def _split(image):
    """Checks a photo and gives its colour [H, W, C], alpha and full scale."""
    image = np.asarray(image)
    if image.dtype == np.uint8:
        scale = 255.0
    elif image.dtype == np.uint16:
        scale = 65535.0
    elif image.dtype in (np.float32, np.float64):
        scale = 1.0
        # A photo in 0..255 floats would come out as noise.
        if image.size and not (image.min() >= 0 and image.max() <= 1):
            raise ValueError("a photo of floats must lie in [0, 1]")
    else:
        raise ValueError(
            "a photo must be uint8, uint16, or float in [0, 1]. Received: "
            f"dtype={image.dtype}"
        )
    if image.ndim == 2:
        return image[..., None], None, scale
    if image.ndim != 3 or image.shape[2] not in (1, 3, 4) or not image.size:
        raise ValueError(
            "a photo has shape [H, W], [H, W, 1], [H, W, 3] or [H, W, 4]. "
            f"Received: shape={image.shape}"
        )
    if image.shape[2] == 4:
        return np.ascontiguousarray(image[..., :3]), image[..., 3:], scale
    return image, None, scale


class Encoder:
    """Hides messages in photos.

    Each photo's stamp is damaged and read back, and multiplied by .5 to 2,
    the least at which the message has errors to spare
    (`stegastamp.read_back`).

    Args:
        model: name of a model that ships in stegastamp/weights, or a
            directory with encoder.onnx.
        threads: int, processor threads of the network; 0 takes every core.
        provider: key of `shared.runtime.PROVIDERS`.
        read_back: bool; False takes the stamp as the network gives it.

    Attributes:
        codec: MessageCodec; `codec.message_bytes` says what fits.
        decoder: Decoder of the same model, None without `read_back`.

    Raises:
        UserError: if the model is missing, damaged, or no StegaStamp encoder.
    """

    def __init__(
        self, model="small", threads=0, provider="cpu", *, read_back=True
    ):
        self._network = _Network("encoder", model, threads, provider)
        self.codec = self._network.codec
        self.decoder = Decoder(model, threads, provider) if read_back else None

    def encode(self, image, message, strength=1.0, timings=None, *, key=None):
        """Hides a message in one photo.

        The network's residual is resized cubically to the photo, multiplied
        by `strength` (and by what the read-back asks for), and added. A gray
        photo gets the residual's luma.

        Args:
            image: [H, W], [H, W, 1], [H, W, 3] RGB or [H, W, 4] RGBA; uint8,
                uint16, or float in [0, 1]; both sides at least 32 pixels.
            message: str of at most `codec.message_bytes` bytes in UTF-8.
            strength: float > 0; 1 is what the model was trained for, more is
                more robust and more visible.
            timings: optional Timings, to which resize, network, read back and
                blend are added.
            key: str that will be needed to read the message, or None; see
                `stegastamp.keyed`.

        Returns:
            (stamped, residual): the photo in the shape and type of `image`,
            alpha untouched; float32 [H, W, 3] (gray: [H, W, 1]), what was
            added, as a share of full scale, before clipping.

        Raises:
            ValueError: for a photo, message or key that is not as above.
        """
        timings = Timings() if timings is None else timings
        if not 0 < strength < float("inf"):
            raise ValueError(f"strength must be positive. Received: {strength}")
        secret = self.codec.encode(message, key)
        color, alpha, scale = _split(image)
        height, width, channels = color.shape
        if min(height, width) < MIN_SIDE:
            raise ValueError(
                f"a photo of {width} x {height} pixels is too small to carry "
                f"a message; both sides must be at least {MIN_SIDE}"
            )
        network = self._network
        with timings.stage("resize"):
            small = resize_area(color, network.height, network.width)
            small = _as_rgb(small / np.float32(scale))
        with timings.stage("network"):
            residual = network.run(
                image=small[None], secret=secret[None].astype(np.float32)
            )[0]
        with timings.stage("blend"):
            if network.tints:
                residual = residual - residual.mean((0, 1), keepdims=True)
            if channels == 1:
                residual = (residual @ _LUMA)[..., None]
        factor = strength
        if self.decoder:
            with timings.stage("read back"):
                copy = copy_of(color, scale)
                factor *= least_factor(
                    self.decoder.logits, copy, residual, secret
                )
        with timings.stage("blend"):
            residual *= np.float32(factor)
            # OpenCV's resize and sum run on every core, and the sum needs no
            # float copy of the photo.
            residual = cv2.resize(
                residual, (width, height), interpolation=cv2.INTER_CUBIC
            ).reshape(height, width, channels)
            stamped = cv2.addWeighted(
                color, 1.0, residual, scale, 0.0, dtype=_DEPTHS[color.dtype]
            ).reshape(color.shape)
            if scale == 1.0:
                stamped = np.clip(stamped, 0.0, 1.0)
            if alpha is not None:
                stamped = np.concatenate([stamped, alpha], axis=2)
        return stamped.reshape(np.shape(image)), residual


_DEPTHS = {
    np.dtype(np.uint8): cv2.CV_8U,
    np.dtype(np.uint16): cv2.CV_16U,
    np.dtype(np.float32): cv2.CV_32F,
    np.dtype(np.float64): cv2.CV_64F,
}


def _as_rgb(image):
    return np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image


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

    def __init__(self, model="small", threads=0, provider="cpu"):
        self._network = _Network("decoder", model, threads, provider)
        self.codec = self._network.codec

    def logits(self, photos):
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
            color, _, scale = _split(image)
            small = resize_area(color, network.height, network.width)
            batch.append(_as_rgb(small / np.float32(scale)))
        return network.run(image=np.stack(batch))

    def decode(
        self, image, views="fast", rotations=False, timings=None, *, key=None
    ):
        """Looks for a message in one photo.

        The whole photo is read first. If it carries no message, the photo is
        read as if a border had been cropped from it, or added to it; then the
        view of which the network was surest is tilted until the network is
        surer still (`stegastamp.align`). The first view with a message wins.
        An unmarked photo is read as marked with a probability of at most
        `codec.false_positive_rate(words_tried(views, rotations))`.

        Args:
            image: [H, W], [H, W, 1], [H, W, 3] RGB or [H, W, 4] RGBA; uint8,
                uint16, or float in [0, 1]; any size.
            views: "fast" (6 views) or "thorough" (26 views).
            rotations: bool, also look at the photo turned by 90, 180 and 270
                degrees (18 views more).
            timings: optional Timings, to which resize, views and
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
        network = self._network
        tried = list_views(views, rotations)
        color, _, scale = _split(image)
        with timings.stage("resize"):
            # Every view is cut from one copy, of twice the network's size so
            # that cutting costs no sharpness.
            copy = resize_area(color, 2 * network.height, 2 * network.width)
            copy = _as_rgb(copy / np.float32(scale))
            whole = cv2.resize(
                copy,
                (network.width, network.height),
                interpolation=cv2.INTER_AREA,
            )
        with timings.stage("network"):
            logits = network.run(image=whole[None])
        found = self._first(zip(logits, tried, strict=False), key)
        if found:
            return found

        def read(views):
            cut = [look(copy, v, network.height, network.width) for v in views]
            return network.run(image=np.stack(cut))

        with timings.stage("views"):
            logits = np.concatenate([logits, read(tried[1:])])
        found = self._first(zip(logits[1:], tried[1:], strict=True), key)
        if found:
            return found
        with timings.stage("align"):
            surest = tried[int(np.argmax(confidence(logits)))]
            return self._first(align(read, surest), key)

    def _first(self, words, key):
        """The first of (logits, View) that carries a message."""
        for logits, view in words:
            found = self.codec.decode(logits, key)
            if found:
                return dataclasses.replace(found, view=view.name)
        return None
