"""The games: who moves, who does not, and that it works."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from malicious_ae.game import AttackGame, AttackRules, VictimGame
from malicious_ae.losses import misread_loss
from malicious_ae.networks import build_attacker
from tests.contracts.games import check_game

HEIGHT, WIDTH, CLASSES = 16, 24, 4


ON_JAX = keras.backend.backend() == "jax"


def small_victim():
    """A victim with everything that must stand still: norms, dropout."""
    keras.utils.set_random_seed(1)
    image = keras.Input((HEIGHT, WIDTH, 3))
    x = layers.Conv2D(12, 3, padding="same", activation="relu")(image)
    x = layers.BatchNormalization(momentum=0.5)(x)
    x = layers.SpatialDropout2D(0.5)(x)
    return keras.Model(image, layers.Conv2D(CLASSES, 1)(x))


class Batches(keras.utils.PyDataset):
    """Images whose brightness says the class."""

    def __init__(self, steps):
        super().__init__()
        self.steps = steps

    def __len__(self):
        return self.steps

    def __getitem__(self, index):
        random = np.random.default_rng(index)
        coarse = random.integers(0, CLASSES, (4, HEIGHT // 4, WIDTH // 4))
        labels = coarse.repeat(4, 1).repeat(4, 2)
        noise = random.normal(0, 0.02, (*labels.shape, 3))
        images = (0.15 + 0.2 * labels)[..., None] + noise
        return images.astype("float32"), labels.astype("int32")


@pytest.fixture(scope="module")
def trained_victim():
    victim = small_victim()
    game = VictimGame(victim, np.ones(CLASSES, "float32"), 0.02, 0.0)
    game.compile(jit_compile=ON_JAX)
    history = game.fit(Batches(20), epochs=6, verbose=0).history
    assert history["pixel_accuracy"][-1] > 0.8
    return victim


def copy_of(network):
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    return copy


def make_attack(victim, rules, min_psnr=16.0):
    keras.utils.set_random_seed(2)
    attacker = build_attacker(
        "autoencoder", HEIGHT, WIDTH, "psnr", min_psnr=min_psnr
    )
    game = AttackGame(
        attacker, victim, np.ones(CLASSES, "float32"), rules, 0.01
    )
    game.compile(jit_compile=ON_JAX)
    return game


def learn(game, epochs):
    """The last of what a game logs."""
    history = game.fit(Batches(20), epochs=epochs, verbose=0).history
    return {name: values[-1] for name, values in history.items()}


def test_the_victim_is_frozen_and_breaks(trained_victim, tmp_path):
    def begin():
        return make_attack(copy_of(trained_victim), AttackRules("misread"))

    images, labels = Batches(1)[0]
    logits = trained_victim(images, training=False)
    game = check_game(begin, (images, labels), tmp_path)
    logs = learn(game, epochs=6)
    np.testing.assert_array_equal(logits, game.victim(images, training=False))
    assert logs["pixel_accuracy"] < 0.3 and logs["psnr"] > 15.9
    attacked = game.attacker(images)
    read = ops.convert_to_numpy(game.victim(attacked)).argmax(-1)
    clean = ops.convert_to_numpy(logits).argmax(-1)
    assert np.mean(clean == labels) > 0.8 and np.mean(read == labels) < 0.35


def test_the_step_is_right_by_hand(trained_victim):
    keras.utils.set_random_seed(3)
    attacker = build_attacker("reference", HEIGHT, WIDTH, "linf", 0.1)
    rules, weights = AttackRules("misread"), np.ones(CLASSES, "float32")
    game = AttackGame(attacker, trained_victim, weights, rules, 0.01)
    game.compile(jit_compile=ON_JAX)
    before = [value.copy() for value in attacker.get_weights()]
    images, labels = Batches(1)[0]
    wanted = misread_loss(
        trained_victim(attacker(images), training=False), labels
    )
    logs = game.fit(Batches(1), verbose=0).history
    np.testing.assert_allclose(
        logs["attacker_loss"][0], np.mean(wanted), rtol=1e-4
    )
    for old, new in zip(before, attacker.get_weights(), strict=True):
        # Adam's first step: the learning rate, against the gradient.
        moved = np.abs(new - old)
        assert moved.max() == pytest.approx(0.01, rel=0.05)


@pytest.mark.parametrize("target", [1, None])
def test_one_class_is_attacked_and_the_others_kept(trained_victim, target):
    rules = AttackRules("targeted", source=2, target=target)
    game = make_attack(trained_victim, rules, min_psnr=14.0)
    logs = learn(game, epochs=6)
    images, labels = Batches(3)[2]
    attacked = game.attacker(images)
    read = ops.convert_to_numpy(trained_victim(attacked)).argmax(-1)
    hit = read[labels == 2] == target if target else read[labels == 2] != 2
    assert np.mean(hit) > 0.6
    assert np.mean(read[labels == 3] == 3) > 0.5
    assert logs["success"] == pytest.approx(np.mean(hit), abs=0.3)


def test_half_a_hardened_victims_batch_is_attacked(trained_victim, tmp_path):
    attack = make_attack(trained_victim, AttackRules("misread"))
    learn(attack, epochs=1)

    def begin():
        attacker, weights = copy_of(attack.attacker), np.ones(CLASSES, "f")
        game = VictimGame(small_victim(), weights, 0.02, 0.0, attacker)
        game.compile(jit_compile=ON_JAX)
        return game

    game = check_game(begin, Batches(1)[0], tmp_path)
    logs = game.fit(Batches(20), epochs=5, verbose=0).history
    assert logs["pixel_accuracy"][-1] > logs["pixel_accuracy"][0]


def test_weight_decay_is_l2_in_the_loss():
    logs = []
    for decay in (0.0, 0.5):
        victim = small_victim()
        squares = sum(
            float(ops.sum(ops.square(v))) for v in victim.trainable_variables
        )
        keras.utils.set_random_seed(4)
        game = VictimGame(victim, np.ones(CLASSES, "f"), 1e-3, decay)
        game.compile(jit_compile=ON_JAX)
        logs.append(game.fit(Batches(1), verbose=0).history)
    more = logs[1]["victim_loss"][0] - logs[0]["victim_loss"][0]
    assert more == pytest.approx(0.25 * squares, rel=1e-4)


def test_classes_without_weight_have_no_part(trained_victim):
    weights = np.array([1, 1, 1, 0], "float32")
    game = VictimGame(trained_victim, weights, 0.0)
    images, labels = Batches(1)[0]
    wanted = game.play((images, labels), training=False)
    logits = trained_victim(images, training=False)
    read = ops.convert_to_numpy(logits).argmax(-1)
    counts = labels != 3
    np.testing.assert_allclose(
        wanted[1]["pixel_accuracy"],
        np.mean(read[counts] == labels[counts]),
        rtol=1e-5,
    )


def test_what_does_not_fit_is_refused(trained_victim):
    weights = np.ones(CLASSES, "float32")
    with pytest.raises(ValueError, match="3 class weights do not fit"):
        VictimGame(small_victim(), weights[:3])
    rules = AttackRules("misread")
    attacker = build_attacker("reference", HEIGHT, WIDTH)
    with pytest.raises(ValueError, match="5 class weights do not fit"):
        AttackGame(attacker, small_victim(), np.ones(5), rules)
    other = build_attacker("reference", HEIGHT, WIDTH + 8)
    with pytest.raises(ValueError, match="does not fit a victim"):
        AttackGame(other, small_victim(), weights, rules)
    with pytest.raises(ValueError, match="`objective`"):
        AttackRules("worst")
    with pytest.raises(ValueError, match="`source`"):
        AttackRules("misread", source=1)
    with pytest.raises(ValueError, match="same class"):
        AttackRules("targeted", source=1, target=1)
