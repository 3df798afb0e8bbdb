"""The stamp game on both backends: damage, borders, players, data."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from keras import ops

from stegastamp.game import BORDERS, flatness
from stegastamp.schedule import KNOBS
from tests.contracts.games import check_game, fit
from tests.stegastamp.small_game import batch, make

GOLDENS = Path(__file__).parent / "goldens"


def set_levels(game, value, **others):
    levels = dict.fromkeys(KNOBS, value) | others
    game.levels.assign([levels[knob] for knob in KNOBS])
    return {knob: game.level(knob) for knob in KNOBS}


@pytest.mark.parametrize("borders", BORDERS)
def test_borders_surround_the_warped_stamp(borders):
    game, (images, secrets) = make(rnd_trans=0.2, borders=borders), batch()
    set_levels(game, 1.0)
    last = game.encoder.get_layer("tinted_residual")
    last.set_weights([0 * w for w in last.get_weights()])
    stamped, framed = (
        ops.convert_to_numpy(x) for x in game.stamp(images, secrets, False)
    )
    np.testing.assert_allclose(stamped, images, atol=1e-5)
    corner = framed[:, [0, 0, -1, -1], [0, -1, 0, -1]]
    if borders == "no_edge":
        np.testing.assert_allclose(framed, images, atol=1e-5)
    elif borders == "black":
        assert corner.min() == pytest.approx(0, abs=1e-5)
    elif borders == "white":
        assert corner.max() == pytest.approx(1, abs=1e-5)
    else:
        assert np.isfinite(framed).all()
        assert np.abs(framed - ops.convert_to_numpy(images)).max() > 0.05


def test_unknown_borders_are_refused():
    with pytest.raises(ValueError, match="borders.*'purple'"):
        make(borders="purple")


def test_flatness_is_one_on_a_wall_and_small_in_texture():
    wall = np.full((1, 32, 32, 3), 0.4, "float32")
    texture = np.random.default_rng(0).random((1, 32, 32, 3), "float32")
    assert float(ops.min(flatness(wall))) == pytest.approx(1, abs=1e-3)
    assert float(ops.max(flatness(texture))) < 0.3


@pytest.mark.parametrize("no_gan", [True, False])
def test_a_step_moves_the_players_and_lowers_the_secret_loss(no_gan, tmp_path):
    def begin():
        game = make(no_gan=no_gan, lpips_loss_scale=0.1)
        game.compile()
        set_levels(game, 0.0, secret=1.0, critic=1.0, lpips=1.0)
        return game

    # The critic's loss is a difference of what it says.
    game = check_game(begin, batch(), tmp_path, idle=["heat_map/bias"])
    history = fit(game, batch(), steps=10, epochs=3)
    assert history["secret_loss"][-1] < history["secret_loss"][0]
    assert ("critic_loss" in history) != no_gan
    assert all(np.isfinite(v).all() for v in history.values())


def test_rules_are_immutable():
    with pytest.raises(dataclasses.FrozenInstanceError):
        make().rules.trans = 1.0


def test_levels_are_kept_by_name(tmp_path):
    game = make()
    game.compile()
    set_levels(game, 0.25, jpeg=0.75)
    game.save_weights(tmp_path / "game.weights.h5")
    other = make()
    other.compile()
    other.load_weights(tmp_path / "game.weights.h5")
    np.testing.assert_array_equal(other.levels, game.levels)


def test_levels_of_runs_begun_before_they_had_names_are_read():
    game = make()
    # Their place was their name; WebP did not exist.
    game.load_own_variables({"0": np.linspace(0, 1, 14, dtype="float32")})
    assert float(game.level("trans")) == 0
    assert float(game.level("jpeg")) == pytest.approx(8 / 13)
    assert float(game.level("edge")) == 1
    assert float(game.level("webp")) == 0
    # And what a run does not know yet is not there yet.
    game.load_own_variables({"jpeg": np.float32(0.5)})
    assert float(game.level("jpeg")) == 0.5
    assert float(game.level("noise")) == 0
