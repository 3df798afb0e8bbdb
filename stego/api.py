"""Hide and find messages from Python: numpy in, numpy out.

    import stego

    hidden = stego.Encoder().encode(photo, "meet at nine")
    message = stego.Decoder().decode(hidden.image)
    print(message.text)

A photo is cut to tiles of the networks' size; each carries some bits. What is
left of a tile at the right and the bottom, and tiles that the message does
not need, stay as they are.
"""

import dataclasses
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from absl import flags
from numpy.typing import ArrayLike

from shared import images, runtime
from shared.keys import normal
from shared.model_dir import find_model
from shared.ranges import levels_to_signed, signed_to_levels
from shared.runtime import ExportedNetwork
from stego.codec import Codec, DamagedMessage, Message, NoMessage, is_utf8
from stego.sealed import SealedCodec
from stego.tiles import count_tiles, cut_tiles, digest, paste_tiles

__all__ = ["DamagedMessage", "Decoder", "Encoder", "Message", "NoMessage"]

WEIGHTS = Path(__file__).parent / "weights"
DEFAULT_MODEL = "modern"

# Tiles a call of a network; more take memory and no less time.
_BATCH = 128
# How far each bit's logit must be from 0, so that another processor's
# rounding does not turn it; a share of the mean distance.
_MARGIN = 0.02


def define_flags(values: flags.FlagValues = flags.FLAGS) -> None:
    """Defines the flags that every command with a trained model has."""
    flags.DEFINE_string(
        "model",
        DEFAULT_MODEL,
        "Trained model: a name under stego/weights, or a directory with "
        "alice.onnx and bob.onnx (what stego.export writes).",
        flag_values=values,
    )
    runtime.define_flags(values)
    images.define_flags(values)


class Network(ExportedNetwork):
    """One exported player with what its metadata says about it.

    Args:
        role: "alice", "bob" or "eve".
        model: name of a model that ships in stego/weights, or a directory.
        threads, provider: as in `shared.runtime.open_session`.

    Attributes:
        output_size: int, side of a tile in pixels.
        msg_len: int, bits of a tile.
        factors: tuple of float, factors on Alice's residual to try on a tile
            until Bob reads it.

    Raises:
        UserError: if the model is missing, damaged, or another one.
    """

    def __init__(
        self,
        role: str,
        model: str | Path = DEFAULT_MODEL,
        threads: int = 0,
        provider: str = "cpu",
    ) -> None:
        directory = find_model(model, WEIGHTS, ["alice.onnx", "bob.onnx"])
        path = directory / f"{role}.onnx"
        super().__init__(path, "stego", role, threads, provider)
        self.output_size = self.value("output_size", int)
        self.msg_len = self.value("msg_len", int)
        self.factors = self.value("factors", lambda f: tuple(map(float, f)))
        image, message = (self.output_size,) * 2 + (3,), (self.msg_len,)
        inputs, output = {
            "alice": ({"cover": image, "message": message}, image),
            "bob": ({"image": image}, message),
            "eve": ({"image": image}, (1,)),
        }[role]
        self.check_sizes(inputs, output)

    def run(self, **inputs: np.ndarray) -> np.ndarray:
        """Runs the network on float32 arrays [n, ...]; any n above 0."""
        count = len(next(iter(inputs.values())))
        parts = [
            super(Network, self).run(
                **{k: v[i : i + _BATCH] for k, v in inputs.items()}
            )
            for i in range(0, count, _BATCH)
        ]
        return np.concatenate(parts)


def _colors(image):
    """Checks a photo and gives its colour channels [H, W, 1 or 3]."""
    image = np.asarray(image)
    if image.dtype not in (np.uint8, np.uint16):
        raise ValueError(
            "a photo must be uint8 or uint16, since a file holds whole "
            f"levels. Received: dtype={image.dtype}"
        )
    if image.ndim == 2:
        return image[..., None]
    if image.ndim != 3 or image.shape[2] not in (1, 3, 4) or not image.size:
        raise ValueError(
            "a photo has shape [H, W], [H, W, 1], [H, W, 3] or [H, W, 4]. "
            f"Received: shape={image.shape}"
        )
    return image[..., : min(image.shape[2], 3)]


def _high_bytes(tiles):
    """The part of the levels that carries a message: uint8."""
    return tiles if tiles.dtype == np.uint8 else (tiles >> 8).astype(np.uint8)


def _to_network(tiles):
    """Whole levels [n, s, s, 1 or 3] as float32 [n, s, s, 3] in [-1, 1]."""
    tiles = levels_to_signed(_high_bytes(tiles))
    return np.broadcast_to(tiles, (*tiles.shape[:3], 3))


def _to_levels(values, like):
    """[n, s, s, 3] in [-1, 1] as whole levels, shaped and typed as `like`.

    16-bit levels keep their low bytes.
    """
    if like.shape[3] == 1:
        values = values.mean(axis=3, keepdims=True)
    levels = signed_to_levels(values).astype(like.dtype)
    return levels if like.dtype == np.uint8 else levels << 8 | like & 0xFF


@dataclasses.dataclass(frozen=True)
class _Canvas:
    """A photo as `stego.sealed.SealedCodec` sees it.

    Attributes:
        colors: levels [H, W, 1 or 3], written to in place.
        decoder: Decoder.
        encoder: Encoder, or None to read only.
    """

    colors: np.ndarray
    decoder: "Decoder"
    encoder: "Encoder | None" = None

    def read(self, tiles: np.ndarray) -> np.ndarray:
        covers = cut_tiles(self.colors, self.decoder.output_size, tiles)
        return (self.decoder.logits(covers) > 0).astype(np.uint8)

    def write(self, tiles: np.ndarray, bits: np.ndarray) -> None:
        covers = cut_tiles(self.colors, self.decoder.output_size, tiles)
        encoder: Any = self.encoder
        paste_tiles(self.colors, encoder.hide(covers, bits), tiles)

    def digest(self, without: np.ndarray) -> bytes:
        return digest(self.colors, self.decoder.output_size, without)


@dataclasses.dataclass(frozen=True)
class Hidden:
    """A photo with a message.

    Attributes:
        image: the photo, of the type and shape it came in.
        capacity: int, bytes that would have fitted.
        tiles, used_tiles: int, of the photo, and those that were changed.
        corrected_bits: int, wrong bits left for the error correction.
    """

    image: np.ndarray
    capacity: int
    tiles: int
    used_tiles: int
    corrected_bits: int


class Decoder:
    """Finds messages in photos.

    Args:
        model: name of a model that ships in stego/weights, or a directory
            with bob.onnx.
        threads: int, processor threads of the network; 0 takes every core.
        provider: key of `shared.runtime.PROVIDERS`.

    Raises:
        UserError: if the model is missing, damaged, or no Bob.
    """

    def __init__(
        self,
        model: str | Path = DEFAULT_MODEL,
        threads: int = 0,
        provider: str = "cpu",
    ) -> None:
        self._bob = Network("bob", model, threads, provider)
        self.output_size = self._bob.output_size
        self.msg_len = self._bob.msg_len

    def logits(self, tiles: np.ndarray) -> np.ndarray:
        """What Bob says of tiles: levels [n, s, s, 1 or 3] -> [n, msg_len]."""
        return self._bob.run(image=_to_network(tiles))

    def codec(
        self, image: ArrayLike, key: str | None = None
    ) -> Codec | SealedCodec:
        """The layout of this photo's message.

        Returns:
            `stego.codec.Codec`, or with a key `stego.sealed.SealedCodec`.
        """
        height, width = np.asarray(image).shape[:2]
        tiles = count_tiles(height, width, self.output_size)
        if key is None:
            return Codec(tiles, self.msg_len)
        return SealedCodec(tiles, self.msg_len, key)

    def decode(self, image: ArrayLike, key: str | None = None) -> Message:
        """Reads the message of a photo.

        Args:
            image: uint8 or uint16, [H, W], [H, W, 1], [H, W, 3] or
                [H, W, 4]; alpha is ignored.
            key: str that the message was hidden with, or None.

        Returns:
            Message; with a key `bound` says whether it is proven to belong to
            this photo, which one of an earlier version is not.

        Raises:
            NoMessage: if there is none, or it needs another key, or the photo
                of one under a key was changed.
            DamagedMessage: if there is one that cannot be mended, or whose
                photo was changed.
            ValueError: if the array is no photo, or the key is empty.
        """
        canvas = _Canvas(_colors(image), self)
        codec: Any = self.codec(image, key)
        if key is None:
            return codec.decode(canvas.read)
        try:
            return codec.decode(canvas)
        except NoMessage:
            return self._decode_unbound(canvas, key)

    def _decode_unbound(self, canvas, key):
        # Earlier versions took a key as it was spelled.
        composed = normal(key)
        decomposed = unicodedata.normalize("NFD", key)
        missing = NoMessage("no message found")
        height, width = canvas.colors.shape[:2]
        for spelled in dict.fromkeys((composed, key, decomposed)):
            tiles = count_tiles(height, width, self.output_size)
            try:
                return Codec(tiles, self.msg_len, spelled).decode(canvas.read)
            except NoMessage as error:
                missing = error
        raise missing


class Encoder:
    """Hides messages in photos, and reads each back before it returns.

    Args:
        model: name of a model that ships in stego/weights, or a directory
            with alice.onnx and bob.onnx.
        threads: int, processor threads of the networks; 0 takes every core.
        provider: key of `shared.runtime.PROVIDERS`.

    Attributes:
        decoder: Decoder of the same model.

    Raises:
        UserError: if the model is missing, damaged, or no Alice and Bob.
    """

    def __init__(
        self,
        model: str | Path = DEFAULT_MODEL,
        threads: int = 0,
        provider: str = "cpu",
    ) -> None:
        self._alice = Network("alice", model, threads, provider)
        self.decoder = Decoder(model, threads, provider)

    def capacity(self, image: ArrayLike, key: str | None = None) -> int:
        """Bytes of the longest message for a photo, 0 if none fits."""
        return max(0, self.decoder.codec(image, key).capacity)

    def encode(
        self,
        image: ArrayLike,
        data: str | bytes,
        key: str | None = None,
        is_text: bool = True,
    ) -> Hidden:
        """Hides a message in a photo.

        Args:
            image: uint8 or uint16, [H, W], [H, W, 1], [H, W, 3] or
                [H, W, 4]; gray stays gray and alpha stays as it is.
            data: str, or bytes, not empty.
            key: str that will be needed to read it, or None. With one, the
                message is also lost as soon as a pixel changes.
            is_text: bool, whether `data` is UTF-8 text; a str always is.

        Returns:
            Hidden, whose image `Decoder.decode` was seen to read.

        Raises:
            ValueError: if the array is no photo, the key is empty, the
                message is empty, too long or no text where it should be, or
                the photo cannot keep it.
        """
        if isinstance(data, str):
            data, is_text = data.encode("utf-8"), True
        if is_text and not is_utf8(data):
            raise ValueError(
                "the message is no UTF-8 text; hide it with is_text=False"
            )
        hidden = np.array(image)
        canvas = _Canvas(_colors(hidden), self.decoder, self)
        codec: Any = self.decoder.codec(image, key)
        if key is None:
            indices, bits = codec.encode(data, is_text)
            canvas.write(indices, bits)
        else:
            indices = codec.encode(data, is_text, canvas)
        try:
            found = self.decoder.decode(hidden, key)
        except (NoMessage, DamagedMessage):
            found = None
        if found is None or (found.data, found.is_text) != (data, is_text):
            raise ValueError(
                "the photo cannot keep the message: it did not come back; "
                "take another photo, or one with more texture"
            )
        height, width = hidden.shape[:2]
        tiles = count_tiles(height, width, self._alice.output_size)
        return Hidden(
            hidden, codec.capacity, tiles, len(indices), found.corrected_bits
        )

    def hide(
        self,
        covers: np.ndarray,
        bits: np.ndarray,
        factors: Sequence[float] | None = None,
    ) -> np.ndarray:
        """Puts bits into tiles, each no stronger than Bob needs.

        Args:
            covers: levels [n, s, s, 1 or 3].
            bits: uint8 [n, msg_len] of 0 and 1.
            factors: factors on Alice's residual, of which each tile gets
                the first that does; None takes the model's.

        Returns:
            tiles of the same shape and type.
        """
        inputs = _to_network(covers)
        signs = bits.astype(np.float32) - np.float32(0.5)
        residuals = self._alice.run(cover=inputs, message=signs) - inputs
        # A gray tile of a colour photo stays gray, as in training.
        gray = (np.ptp(covers, axis=3) == 0).all(axis=(1, 2))
        residuals[gray] = residuals[gray].mean(axis=3, keepdims=True)

        result = covers.copy()
        least_wrong = np.full(len(covers), self._alice.msg_len + 1)
        pending = np.arange(len(covers))
        for factor in factors or self._alice.factors:
            tiles = _to_levels(
                inputs[pending] + np.float32(factor) * residuals[pending],
                covers[pending],
            )
            logits = self.decoder.logits(tiles)
            distance = logits * np.sign(signs[pending])
            margin = _MARGIN * np.abs(logits).mean(axis=1, keepdims=True)
            wrong = (distance < margin).sum(axis=1)
            better = wrong < least_wrong[pending]
            result[pending[better]] = tiles[better]
            least_wrong[pending[better]] = wrong[better]
            pending = pending[wrong > 0]
            if not len(pending):
                break
        return result
