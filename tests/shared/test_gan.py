"""The GAN game: losses by hand, who moves, what batch norm sees, labels."""

import pathlib

import keras
import numpy as np
import pytest
from keras import ops

from shared.gan import Gan, GanRules, binary_loss, gan_logs, generator_loss
from tests.contracts.games import check_game, fit
from tests.contracts.gradients import input_gradients

GOLDENS = pathlib.Path(__file__).parent / "goldens"
RATE = 0.05


def networks(norm=False):
    keras.utils.set_random_seed(5)
    generator = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4 * 5, name="before_norm"),
            keras.layers.BatchNormalization(),
            keras.layers.Activation("tanh"),
            keras.layers.Reshape((4, 5, 1)),
        ]
    )
    body = [keras.layers.Flatten(), keras.layers.Dense(6, "relu")]
    if norm:
        body.append(keras.layers.BatchNormalization())
    discriminator = keras.Sequential(
        [keras.Input((4, 5, 1)), *body, keras.layers.Dense(1)]
    )
    return generator, discriminator


def make_game(norm=False, **rules):
    sgd = [keras.optimizers.SGD(RATE) for _ in range(2)]
    return Gan(*networks(norm), *sgd, GanRules(**rules), seed=1)


def images(count=8):
    rng = np.random.default_rng(2)
    return np.tanh(rng.normal(size=(count, 4, 5, 1))).astype("float32")


def test_losses_equal_cross_entropies_of_another_implementation():
    # Made with tf.keras.losses.BinaryCrossentropy(from_logits=True).
    golden = np.load(GOLDENS / "agns_dcgan_losses.npz")
    fake, real = golden["fake_image_out"], golden["real_image_out"]
    np.testing.assert_allclose(
        np.mean(binary_loss(fake, 0.0)),
        golden["get_gen_loss_fake"],
        rtol=1e-6,
    )
    np.testing.assert_allclose(
        np.mean(binary_loss(fake, 0.9)) + np.mean(binary_loss(real, 1.0)),
        golden["get_discrim_loss_first_fake_second_real"],
        rtol=1e-6,
    )


def test_losses_stay_finite_and_per_example_at_certain_logits():
    logits = np.array([[-200.0], [0.0], [200.0]], "float32")
    np.testing.assert_allclose(
        generator_loss(logits), [200.0, np.log(2), 0.0], atol=1e-6
    )
    np.testing.assert_allclose(
        generator_loss(logits, "minimax"), [0.0, -np.log(2), -200.0], atol=1e-6
    )
    np.testing.assert_allclose(
        binary_loss(logits, np.array([[1.0], [0.5], [0.0]], "float32")),
        [200.0, np.log(2), 200.0],
        atol=1e-6,
    )


def test_the_non_saturating_loss_learns_where_minimax_does_not():
    lost = np.array([[-8.0]], "float32")
    (fading,) = input_gradients(lambda x: generator_loss(x, "minimax"), [lost])
    (strong,) = input_gradients(generator_loss, [lost])
    assert abs(fading).max() < 1e-3 < 0.9 < abs(strong).max()


@pytest.mark.parametrize(
    "arguments", [{"latent": "cauchy"}, {"generator_loss": "x"}]
)
def test_unknown_rules_are_refused(arguments):
    with pytest.raises(ValueError, match="must be one of"):
        GanRules(**arguments)


def test_half_of_the_labels_cannot_be_flipped():
    with pytest.raises(ValueError, match="label_flip"):
        GanRules(label_flip=0.5)
    with pytest.raises(ValueError, match="kind"):
        generator_loss(np.zeros((1, 1)), "hinge")


@pytest.mark.parametrize("jit_compile", [False, True])
def test_both_players_move_and_say_how_it_stands(jit_compile, tmp_path):
    def begin():
        game = make_game(norm=True)
        game.compile(jit_compile=jit_compile)
        return game

    batch = (images(),)
    game = check_game(begin, batch, tmp_path, idle=["before_norm/bias"])
    history = fit(game, batch)
    assert {
        "generator_loss",
        "discriminator_loss",
        "real_accuracy",
        "fake_accuracy",
        "generator_accuracy",
        "diversity",
    } == set(history)
    assert history["fake_accuracy"][0] + history["generator_accuracy"][
        0
    ] == pytest.approx(1.0)


@pytest.mark.parametrize("resting", ["generator", "discriminator"])
def test_a_player_does_not_move_by_the_others_loss(resting):
    rates = {"generator": RATE, "discriminator": RATE, resting: 0.0}
    generator, discriminator = networks()
    game = Gan(
        generator,
        discriminator,
        keras.optimizers.SGD(rates["generator"]),
        keras.optimizers.SGD(rates["discriminator"]),
    )
    before = {
        p.name: [ops.convert_to_numpy(v).copy() for v in p.variables]
        for p in game.players
    }
    game.compile()
    fit(game, (images(),), steps=3)
    for player in game.players:
        moved = any(
            np.any(old != ops.convert_to_numpy(new))
            for old, new in zip(
                before[player.name], player.variables, strict=True
            )
        )
        assert moved == (player.name != resting)


def test_real_images_meet_generated_ones_in_batch_norm_only_if_asked():
    real, fake = images(8), 0.2 * images(8)[::-1]
    answers = {}
    for separate in (True, False):
        game = make_game(norm=True, separate_batches=separate)
        answers[separate] = game.judge(real, fake, training=True)
        alone = game.discriminator(real, training=True)
        same = np.allclose(answers[separate][0], alone, atol=1e-6)
        assert same == separate
        assert tuple(answers[separate][1].shape) == (8, 1)
    # Without batch norm the two ways are the same.
    first, second = (
        make_game(separate_batches=s).judge(real, fake, training=True)
        for s in (True, False)
    )
    for a, b in zip(first, second, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_labels_are_smoothed_on_one_side_flipped_and_noised():
    logits = np.full((20_000, 1), 1.5, "float32")
    softplus = np.log1p(np.exp(1.5))

    def loss(**rules):
        return float(make_game(**rules).discriminator_loss(logits, logits))

    plain = 0.5 * ((softplus - 1.5) + softplus)
    assert loss() == pytest.approx(plain, rel=1e-5)
    # Real images' label .9: .1 * logit more, on half of the images.
    assert loss(real_label=0.9) == pytest.approx(plain + 0.075, rel=1e-5)
    # Flips cancel in the sum of labels; noise lowers it by its mean.
    assert loss(label_flip=0.25) == pytest.approx(plain, abs=0.02)
    assert loss(label_noise=0.1) == pytest.approx(plain + 0.075, abs=0.002)
    # A flip is seen where the two sides differ.
    sure = float(
        make_game(label_flip=0.25).discriminator_loss(8 + logits, -8 - logits)
    )
    assert sure == pytest.approx(0.25 * 9.5, rel=0.05)


@pytest.mark.parametrize(
    ("latent", "low", "std"), [("normal", -9, 1), ("uniform", -1, 0.577)]
)
def test_latents_have_the_stated_distribution_and_change(latent, low, std):
    game = make_game(latent=latent)
    first = ops.convert_to_numpy(game.sample_latents(20_000))
    assert first.shape == (20_000, 3) and first.min() >= low
    assert abs(first.mean()) < 0.02
    assert first.std() == pytest.approx(std, rel=0.02)
    assert not np.array_equal(first, game.sample_latents(20_000))


def test_diversity_is_the_ratio_of_mean_squared_distances():
    real, fake = images(7), 0.5 * images(7) + 0.1
    zeros = np.zeros((7, 1), "float32")
    logs = gan_logs(real, fake, zeros, zeros - 1)

    def mean_distance(x):
        return np.mean((x[:, None] - x[None]) ** 2)

    assert float(logs["diversity"]) == pytest.approx(
        mean_distance(fake) / mean_distance(real), rel=1e-4
    )
    collapsed = np.repeat(fake[:1], 7, axis=0)
    assert float(gan_logs(real, collapsed, zeros, zeros)["diversity"]) < 1e-6


def test_the_generator_follows_what_the_discriminator_teaches():
    keras.utils.set_random_seed(0)
    generator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    discriminator = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    for network in (generator, discriminator):
        network.set_weights([np.zeros_like(w) for w in network.get_weights()])
    game = Gan(
        generator,
        discriminator,
        keras.optimizers.Adam(0.02),
        keras.optimizers.Adam(0.05),
    )
    real = np.random.default_rng(0).normal(5, 0.1, (64, 1)).astype("float32")
    latents = np.random.default_rng(1).normal(size=(500, 2)).astype("float32")
    game.compile()
    losses = fit(game, (real,), steps=60)
    after = ops.convert_to_numpy(generator(latents)).mean()
    # The discriminator learned that more is real; the generator believed it.
    assert ops.convert_to_numpy(discriminator.layers[-1].kernel).item() > 0
    assert 0.5 < after < 8.0
    assert np.isfinite(losses["generator_loss"][0])
