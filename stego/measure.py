"""What is measured on whole photos: texts that come back, and what it costs."""

import dataclasses
import time

import numpy as np

from shared.images import Photo, decode_photo, encode_photo
from shared.measures.quality import psnr, ssim
from stego.api import DamagedMessage, NoMessage
from stego.tiles import count_tiles, cut_tiles, paste_tiles

# Letters of one, two, three and four bytes.
_ALPHABET = "abcdefghijklmnopqrstuvwxyz ,.\nÄéßЖ漢字🙂"


def random_text(length, rng):
    """A random text of exactly `length` bytes of UTF-8, length > 0."""
    text = "".join(rng.choice(list(_ALPHABET), length))
    text = text.encode()[:length].decode(errors="ignore")
    return text + "a" * (length - len(text.encode()))


@dataclasses.dataclass
class TextTrial:
    """Random texts of random lengths, through files and back.

    Attributes:
        tried, refused, recovered, wrong, found_by_wrong_key: int, texts.
        bytes: int, hidden altogether.
        corrected_bits: int, left to the error correction altogether.
    """

    tried: int = 0
    refused: int = 0
    recovered: int = 0
    wrong: int = 0
    found_by_wrong_key: int = 0
    bytes: int = 0
    corrected_bits: int = 0

    @property
    def accepted(self):
        """Texts that the encoder took."""
        return self.tried - self.refused

    def add(self, encoder, pixels, rng):
        """Tries one text in one photo, half of them with a key.

        Args:
            encoder: stego.Encoder.
            pixels: uint8 [H, W, 3].
            rng: numpy.random.Generator.
        """
        key = None if rng.random() < 0.5 else f"key {rng.integers(10)}"
        capacity = encoder.capacity(pixels, key)
        # As many short texts as long ones.
        length = round(np.exp(rng.uniform(0, np.log(capacity))))
        text = random_text(length, rng)
        self.tried += 1
        try:
            hidden = encoder.encode(pixels, text.encode(), key)
        except ValueError:
            self.refused += 1
            return
        self.bytes += length
        self.corrected_bits += hidden.corrected_bits
        data = encode_photo(Photo(hidden.image), ".png")
        image = decode_photo(data).pixels
        found = _read(encoder.decoder, image, key)
        self.recovered += found == text
        self.wrong += found not in (None, text)
        other = "another" if key else "a key"
        self.found_by_wrong_key += _read(encoder.decoder, image, other) is not (
            None
        )


def _read(decoder, image, key):
    try:
        return decoder.decode(image, key).text
    except (NoMessage, DamagedMessage):
        return None


def measure_quality(encoder, pixels, rng):
    """Fills a photo with a message and says what that costs.

    Args:
        encoder: stego.Encoder.
        pixels: uint8 [H, W, 3].
        rng: numpy.random.Generator.

    Returns:
        dict: `psnr_db`, `ssim`, `bits_per_pixel` of text, `ms_encode` and
        `ms_decode` a megapixel, `kept`, 1 if the message came back and 0 if
        the photo was refused, and `stego`, uint8 [H, W, 3], which is then
        filled all the same.
    """
    megapixels = pixels.shape[0] * pixels.shape[1] / 1e6
    data = random_text(encoder.capacity(pixels), rng).encode()
    start = time.perf_counter()
    try:
        stego, kept = encoder.encode(pixels, data).image, 1
    except ValueError:
        stego, kept = _fill(encoder, pixels, rng), 0
    encoded = time.perf_counter()
    _read(encoder.decoder, stego, None)
    decoded = time.perf_counter()
    return {
        "kept": kept,
        "psnr_db": psnr(pixels, stego),
        "ssim": ssim(pixels, stego),
        "bits_per_pixel": 8e-6 * len(data) / megapixels,
        "ms_encode": 1e3 * (encoded - start) / megapixels,
        "ms_decode": 1e3 * (decoded - encoded) / megapixels,
        "stego": stego,
    }


def _fill(encoder, pixels, rng):
    """Random bits in every tile of a photo, whether they come back or not."""
    size = encoder.decoder.output_size
    places = np.arange(count_tiles(*pixels.shape[:2], size))
    bits = rng.integers(0, 2, (len(places), encoder.decoder.msg_len))
    stego = pixels.copy()
    tiles = cut_tiles(pixels, size, places)
    paste_tiles(stego, encoder.hide(tiles, bits.astype(np.uint8)), places)
    return stego


def measure_bits(encoder, tiles, rng):
    """Counts the bits that Bob reads right from tiles as Alice made them.

    Args:
        encoder: stego.Encoder.
        tiles: uint8 [N, s, s, 3].
        rng: numpy.random.Generator.

    Returns:
        dict: mean correct bits a tile `of_first`, at Alice's own strength,
        and `of_final`, at the strength that each tile was given.
    """
    bits = rng.integers(0, 2, (len(tiles), encoder.decoder.msg_len))
    bits = bits.astype(np.uint8)
    result = {}
    for name, factors in (("of_first", (1.0,)), ("of_final", None)):
        hidden = encoder.hide(tiles, bits, factors)
        right = (encoder.decoder.logits(hidden) > 0) == bits
        result[name] = float(right.sum(axis=1).mean())
    return result
