"""The stego game on both backends: losses by hand, players, rounding, data."""

import keras
import numpy as np
import pytest
from keras import ops

from shared.ranges import levels_to_signed
from stego.data import (
    TileBatches,
    center_tile,
    flat_tile,
    random_tile,
)
from stego.game import Rules, StegoGame, build_rules, keep_gray, round_levels
from stego.held_out import HeldOut
from stego.pictures import training_strips
from stego.presets import PRESETS
from stego.train import FollowBits
from tests.contracts.games import check_game, fit
from tests.contracts.gradients import compiled, input_gradients


def make(preset, seed=1, learning_rate=1e-3, **changes):
    settings = PRESETS[preset] | {"output_size": 16, "msg_len": 12} | changes
    keras.utils.set_random_seed(seed)
    return StegoGame(
        build_rules(settings),
        learning_rate,
        settings["eve_optimizer"],
        1e-3,
    )


def batch(count=4, size=16, bits=12, seed=2):
    random = np.random.default_rng(seed)
    levels = random.integers(0, 256, (count, size, size, 3), dtype=np.uint8)
    messages = random.integers(0, 2, (count, bits)).astype("float32") - 0.5
    return levels_to_signed(levels), messages


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


def test_strips_show_cover_stego_and_difference():
    game, (covers, messages) = make("modern"), batch(3)
    strip = training_strips(game, covers, messages)["players"]
    assert strip.shape == (48, 48, 3) and strip.dtype == np.uint8
    top = np.concatenate(list((covers + 1) * 127.5), axis=1)
    np.testing.assert_allclose(strip[:16], top, atol=0.51)
    # Most values do not change: their difference is middle gray.
    assert np.mean(np.isin(strip[32:], (127, 128))) > 0.9


def batches(**changes):
    random = np.random.default_rng(3)
    photos = [
        random.integers(0, 256, size, dtype=np.uint8)
        for size in ((40, 60, 3), (130, 120, 3), (12, 30, 3))
    ]
    arguments = dict(
        photos=photos,
        size=16,
        msg_len=8,
        batch_size=40,
        crop="random",
        steps=5,
        seed=4,
    )
    return TileBatches(**(arguments | changes))


@pytest.mark.parametrize("crop", ["random", "center"])
def test_batches_depend_on_seed_and_step_alone(crop):
    run, resumed = batches(crop=crop), batches(crop=crop, first_step=5)
    run.on_epoch_end()
    for a, b in zip(run[2], resumed[2], strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(run[2][1], run[3][1])
    assert not np.array_equal(
        run[2][0], batches(crop=crop, seed=5, first_step=5)[2][0]
    )


def test_batches_hold_whole_levels_gray_and_flat_tiles():
    covers, messages = batches()[0]
    assert covers.shape == (40, 16, 16, 3) and covers.dtype == np.float32
    assert set(np.unique(messages)) == {-0.5, 0.5}
    levels = (covers + 1) * 127.5
    np.testing.assert_allclose(levels, np.rint(levels), atol=1e-4)
    data = batches()
    tiles = np.concatenate([data[i][0] for i in range(5)])
    gray = (np.ptp(tiles, axis=-1) == 0).all(axis=(1, 2))
    flat = (np.ptp(tiles, axis=(1, 2)) == 0).all(axis=-1)
    assert 0.02 < gray.mean() < 0.3 and 0.01 < flat.mean() < 0.15


def test_center_tile_is_the_middle_at_the_tile_s_size():
    photo = np.zeros((128, 148, 3), np.uint8)
    photo[10:118, 20:128] = 200
    assert (center_tile(photo, 32) == 200).all()
    assert center_tile(photo[:20, :50], 32).shape == (32, 32, 3)


def test_random_and_flat_tiles_have_the_tile_s_size():
    random = np.random.default_rng(0)
    photo = random.integers(0, 256, (50, 40, 3), dtype=np.uint8)
    for _ in range(20):
        tile = random_tile(photo, 32, random)
        assert tile.shape == (32, 32, 3) and tile.dtype == np.uint8
    assert np.ptp(flat_tile(8, random), axis=(0, 1)).max() == 0


def test_an_unknown_crop_is_refused():
    with pytest.raises(ValueError, match="crop.*'round'"):
        batches(crop="round")
