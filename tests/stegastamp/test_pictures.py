"""What a training shows of its players."""

import numpy as np
from keras import ops

from stegastamp.pictures import training_strips
from tests.stegastamp.small_game import batch, make


def test_strips_show_the_players_and_leave_the_random_state():
    game, data = make(no_gan=False), batch()
    state = ops.convert_to_numpy(game.seed_generator.state.value).copy()
    strip = training_strips(game, *data)["players"]
    assert strip.shape == (5 * 32, 3 * 48, 3) and strip.dtype == np.uint8
    np.testing.assert_array_equal(
        state, ops.convert_to_numpy(game.seed_generator.state.value)
    )
