"""The stego game on both backends: losses by hand, players, rounding."""

import keras
import numpy as np
import pytest
from keras import ops

from stego.game import Rules, keep_gray, round_levels
from stego.presets import PRESETS
from stego.train import FollowBits
from tests.contracts.games import check_game, fit
from tests.contracts.gradients import compiled, input_gradients
from tests.stego.small_game import batch, make


def numbers(values):
    return {k: float(ops.convert_to_numpy(v)) for k, v in values.items()}


@pytest.mark.parametrize("preset", PRESETS)
def test_losses_are_the_stated_ones(preset):
    game, (covers, messages) = make(preset), batch()
    rules = game.rules

    def play(covers, messages):
        stegos = game.hide(covers, messages, training=False)
        answers = game.bob(stegos, training=False)
        logits = [game.eve(x, training=False) for x in (covers, stegos)]
        return *game.play((covers, messages), False), stegos, answers, logits

    # Compiled as a whole: JAX would compile each operation by itself.
    losses, logs, *rest = compiled(play)(covers, messages)
    losses, logs = numbers(losses), numbers(logs)
    stegos, answers, *eve = map(ops.convert_to_numpy, keras.tree.flatten(rest))
    bits = messages > 0
    if preset == "paper":
        bob = np.mean((messages - answers) ** 2)
        image = np.abs(covers - stegos).mean()
    else:
        bob = np.mean(np.log1p(np.exp(np.where(bits, -answers, answers))))
        image = logs["image_loss"]
    if preset == "residual":
        image = np.mean((127.5 * (covers - stegos)) ** 2)
    eve = [logits.astype(float) for logits in eve]
    fooled = np.mean(np.log1p(np.exp(-eve[1])))
    eve_loss = np.mean(np.log1p(np.exp(-eve[0])))
    eve_loss += np.mean(np.log1p(np.exp(eve[1])))
    total = rules.a * fooled + rules.b * image + rules.c * bob
    assert logs["bob_loss"] == pytest.approx(bob, rel=1e-4)
    assert logs["image_loss"] == pytest.approx(image, rel=1e-4)
    assert losses["eve"] == pytest.approx(eve_loss, rel=1e-3)
    assert losses["alice_bob"] == pytest.approx(total, rel=1e-3)
    assert logs["bit_accuracy"] == pytest.approx(((answers > 0) == bits).mean())


@pytest.mark.parametrize("preset", PRESETS)
def test_a_step_moves_each_player_and_bob_learns(preset, tmp_path):
    def begin():
        game = make(preset)
        game.compile()
        return game

    # The last layer of the modern Alice begins at zero.
    steps = 2 if preset == "modern" else 1
    game = check_game(begin, batch(8), tmp_path, steps=steps)
    history = fit(game, batch(8), steps=10, epochs=2)
    assert history["bob_loss"][-1] < history["bob_loss"][0]
    assert all(np.isfinite(v).all() for v in history.values())


def test_the_modern_preset_reads_every_bit_from_the_first_step():
    game = make("modern")
    _, logs = compiled(lambda *data: game.play(data, False))(*batch())
    assert float(logs["bit_accuracy"]) == 1.0
    assert float(logs["psnr"]) > 55


def test_rounding_gives_whole_levels_and_passes_gradients():
    values = np.linspace(-1, 1, 101).astype("float32")
    levels = (ops.convert_to_numpy(round_levels(values)) + 1) * 127.5
    np.testing.assert_allclose(levels, np.rint(levels), atol=1e-4)
    np.testing.assert_allclose(levels, (values + 1) * 127.5, atol=0.501)
    (gradient,) = input_gradients(round_levels, [values])
    np.testing.assert_allclose(gradient, 1.0)


def test_gray_covers_give_gray_stego_images_and_others_do_not():
    covers, _ = batch(2)
    covers[0] = covers[0, ..., :1]
    stegos = np.random.default_rng(0).random(covers.shape, dtype="float32")
    kept = ops.convert_to_numpy(keep_gray(covers, stegos))
    assert np.ptp(kept[0], axis=-1).max() < 1e-6
    np.testing.assert_allclose(kept[0].mean(-1), stegos[0].mean(-1), atol=1e-6)
    np.testing.assert_array_equal(kept[1], stegos[1])


@pytest.mark.parametrize("name", ["architecture", "image_loss", "message_loss"])
def test_unknown_rules_are_refused(name):
    settings = PRESETS["paper"] | {name: "purple"}
    fields = {k: settings[k] for k in Rules.__dataclass_fields__}
    with pytest.raises(ValueError, match=f"{name}.*'purple'"):
        Rules(**fields)


def test_an_unknown_optimizer_is_refused():
    with pytest.raises(ValueError, match="eve_optimizer.*'lion'"):
        make("paper", eve_optimizer="lion")


def test_the_image_counts_more_while_bob_reads_well():
    game, follow = make("residual"), FollowBits(0.9, 1.5)
    follow.set_model(game)
    follow.on_epoch_end(0, {"bit_accuracy": 0.95})
    assert float(game.pressure) == pytest.approx(1.5)
    follow.on_epoch_end(1, {"bit_accuracy": 0.85})
    follow.on_epoch_end(2, {"bit_accuracy": 0.85})
    assert float(game.pressure) == pytest.approx(1 / 1.5)
    _, logs = compiled(lambda *data: game.play(data, False))(*batch())
    assert float(logs["image_weight"]) == pytest.approx(game.rules.b / 1.5)
