"""Bits of held-out photos, read as they would be from a file."""

import pytest
from keras import ops

from stego.held_out import HeldOut
from stego.presets import PRESETS
from tests.stego.small_game import batch, make


@pytest.mark.parametrize(
    ("preset", "least", "most"),
    [
        ("modern", 1.0, 1.0),  # its rule loses no bit, whatever Alice learned
        ("paper", 0.3, 0.7),  # knows nothing yet
    ],
)
def test_bits_of_held_out_photos_are_put_into_the_logs(preset, least, most):
    game, logs = make(preset), {}
    held_out = HeldOut(*batch(16))
    held_out.set_model(game)
    held_out.on_epoch_end(0, logs)
    assert least <= logs["val_bit_accuracy"] <= most


def test_held_out_bits_are_read_from_whole_levels():
    class Whisper:
        """A Bob who hears only what lies between two levels."""

        rules = PRESETS["paper"]

        def hide(self, covers, messages, training):
            return covers + 0.2 / 255 * messages[:, :1, None, None]

        def jax_state_sync(self):
            """It has no state."""

        def bob(self, stegos, training):
            levels = (stegos + 1) * 127.5
            return (levels - ops.round(levels))[:, 0, 0, :1] - 1e-3

    covers, messages = batch(64)
    held_out, logs = HeldOut(covers, messages[:, :1]), {}
    held_out.set_model(Whisper())
    held_out.on_epoch_end(0, logs)
    assert 0.3 < logs["val_bit_accuracy"] < 0.7
