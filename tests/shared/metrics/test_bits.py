"""Bit accuracy against the original's values and by hand."""

from pathlib import Path

import numpy as np
from keras import ops

from shared.metrics.bits import bit_accuracy

GOLDENS = Path(__file__).parent / "goldens"


def test_original_values():
    golden = np.load(GOLDENS / "stega_secret_acc.npz")
    bits, logits = golden["secret"], golden["logits"]
    np.testing.assert_allclose(
        ops.mean(bit_accuracy(bits, logits)), golden["bit_acc"], rtol=1e-6
    )


def test_counts_errors_per_word():
    bits = np.tile(np.array([0, 1], "uint8"), (4, 4))
    logits = np.where(bits, 2.0, -2.0).astype("float32")
    logits[1, :1] *= -1
    logits[2, :3] *= -1
    logits[3, 0] = 0.0  # exactly 0 reads as a 0 bit, which it is
    np.testing.assert_allclose(
        bit_accuracy(bits, logits), [1, 7 / 8, 5 / 8, 1], rtol=1e-6
    )


def test_reads_any_dtype():
    bits = np.array([[True, False, True]])
    for dtype in ("float16", "float32"):
        logits = np.array([[0.5, -0.5, 3.0]], dtype)
        assert float(bit_accuracy(bits, logits)[0]) == 1
