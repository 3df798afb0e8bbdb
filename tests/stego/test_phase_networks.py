"""Phases carry every bit, trained or not."""

import numpy as np
import pytest
from keras import ops

from stego import phase_networks
from tests.stego.small_game import batch


def test_more_than_a_bit_a_pixel_is_refused():
    with pytest.raises(ValueError, match="1 to 256 bits"):
        phase_networks.build_bob(16, 257)


@pytest.mark.parametrize("bits", [5, 16, 32, 64, 128, 256])
def test_phases_carry_every_bit_untrained_and_change_one_value_each(bits):
    cover, message = batch(2, 16, bits)
    cover[0] = 1.0  # white: a step can go one way only
    alice = phase_networks.build_alice(16, bits)
    stego = alice([cover, message])
    read = phase_networks.build_bob(16, bits)(stego)
    np.testing.assert_array_equal(ops.convert_to_numpy(read) > 0, message > 0)
    change = np.rint((ops.convert_to_numpy(stego) - cover) * 127.5)
    assert (np.abs(change[1]) > 0).sum() <= bits
    assert np.abs(change[1]).max() <= 1


def test_a_slot_that_says_its_bit_is_left_alone():
    cover, _ = batch(2, 16, 32)
    said = ops.convert_to_numpy(phase_networks.build_bob(16, 32)(cover))
    message = np.sign(said).astype("float32") / 2
    stego = phase_networks.build_alice(16, 32)([cover, message])
    np.testing.assert_allclose(stego, cover, atol=1e-6)
