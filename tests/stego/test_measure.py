"""What is measured of texts, bits and quality."""

import numpy as np

from stego.measure import (
    TextTrial,
    measure_bits,
    measure_quality,
    random_text,
)
from stego.tiles import cut_tiles


def test_random_texts_have_the_length_asked_for():
    rng = np.random.default_rng(0)
    for length in (1, 2, 3, 4, 5, 50, 333):
        assert len(random_text(length, rng).encode()) == length


def test_texts_are_counted(encoder, pixels):
    trial, rng = TextTrial(), np.random.default_rng(0)
    for _ in range(4):
        trial.add(encoder, pixels, rng)
    assert (trial.tried, trial.accepted, trial.recovered) == (4, 4, 4)
    assert (trial.wrong, trial.found_by_wrong_key) == (0, 0)
    assert trial.bytes > 0


def test_a_decoder_that_reads_another_text_is_noticed(encoder, pixels):
    class Mixed:
        """Hides one text and finds another: what must never happen."""

        def __init__(self):
            self.decoder = encoder.decoder
            self.capacity = encoder.capacity

        def encode(self, pixels, data, key):
            return encoder.encode(pixels, b"something else entirely", None)

    trial = TextTrial()
    for seed in range(4):
        trial.add(Mixed(), pixels, np.random.default_rng(seed))
    assert trial.recovered == 0
    # With a key the other text, hidden without one, is not found at all.
    assert trial.wrong == 2


def test_quality_and_bits_of_a_full_photo(encoder, pixels):
    row = measure_quality(encoder, pixels, np.random.default_rng(0))
    raw = encoder.decoder.msg_len / encoder.decoder.output_size**2
    assert 0.7 * raw < row["bits_per_pixel"] < raw
    assert row["kept"] == 1
    assert row["psnr_db"] > 58 and row["ssim"] > 0.99
    assert row["ms_encode"] > row["ms_decode"] > 0
    tiles = cut_tiles(pixels, 32, np.arange(8))
    bits = measure_bits(encoder, tiles, np.random.default_rng(0))
    assert bits["of_final"] == bits["of_first"] == encoder.decoder.msg_len


def test_a_photo_that_is_refused_is_measured_all_the_same(
    encoder, pixels, monkeypatch
):
    def refuse(*arguments):
        raise ValueError("the photo cannot keep the message")

    monkeypatch.setattr(encoder, "encode", refuse)
    row = measure_quality(encoder, pixels, np.random.default_rng(0))
    assert row["kept"] == 0 and 58 < row["psnr_db"] < 70
