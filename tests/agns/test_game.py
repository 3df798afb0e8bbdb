"""The attack moves the generator as it should, and nothing else."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from agns.attack_run import AttackBatches, Check, Photos, mean_measures
from agns.frames import load_mask, wear
from agns.game import AttackGame, AttackRules, build_wearing, objective
from agns.goals import GOALS
from agns.join import join, split_for_two
from agns.people import to_input
from shared.gan import generator_loss
from tests.agns import tiny
from tests.contracts.games import check_game
from tests.contracts.gradients import input_gradients

GOLDENS = Path(__file__).parent / "goldens"


DODGING, IMPERSONATION = GOALS["dodging"], GOALS["impersonation"]


@pytest.fixture(scope="module")
def photos():
    random = np.random.default_rng(2)
    faces = random.uniform(0.2, 0.8, (5, 224, 224, 3)).astype("float32")
    return Photos(faces[:3], faces[3:])


def make_game(physical=False, **rules):
    keras.utils.set_random_seed(3)
    wearing = build_wearing(tiny.recognizer(), load_mask(), physical)
    rules = {"learning_rate": 0.02, **rules}
    game = AttackGame(
        tiny.generator(),
        tiny.discriminator(),
        wearing,
        AttackRules(**rules),
        seed=4,
    )
    game.compile(jit_compile=keras.backend.backend() == "jax")
    return game


def real_frames():
    random = np.random.default_rng(8)
    return random.integers(0, 256, (6, 64, 176, 3)).astype(np.uint8)


def test_the_objective_is_the_papers():
    logits = np.array([[1.0, 2.0, -4.0], [0.5, 0.0, 3.0]], "float32")
    person = np.array([0.0, 1.0, 0.0], "float32")
    np.testing.assert_allclose(
        objective(logits, person), [2 - (1 - 4), 0 - 3.5], rtol=1e-6
    )
    likely = np.exp(
        ops.convert_to_numpy(objective(logits, person, "probability"))
    )
    np.testing.assert_allclose(likely, ops.softmax(logits)[:, 1], rtol=1e-5)


def test_the_objective_is_the_ports():
    with np.load(GOLDENS / "custom_loss.npz") as arrays:
        golden = dict(arrays)
    logits = golden["logits"]
    for target, wanted in zip(
        golden["targets"], golden["loss_wf1_softmax0"], strict=True
    ):
        person = np.eye(logits.shape[1], dtype="float32")[target]
        found = ops.mean(objective(logits, person))
        np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_wearing_is_pad_add_resize_recognize(photos):
    game = make_game()
    glasses = np.random.default_rng(0).uniform(-1, 1, (2, 64, 176, 3))
    glasses = glasses.astype("float32")
    logits = game.wearing([glasses, photos.train[:2]])
    worn = wear(glasses, photos.train[:2], load_mask())
    recognizer = game.wearing.layers[-1]
    np.testing.assert_allclose(
        logits, recognizer(to_input(worn, 96, -1.0)), rtol=1e-3, atol=1e-4
    )


@pytest.mark.parametrize("goal", [DODGING, IMPERSONATION])
def test_glasses_learn_to_deceive_and_the_recognizer_stays(
    goal, photos, tmp_path
):
    def begin():
        game = make_game(objective="probability", kappa=0.1)
        game.aim(goal, 2)
        return game

    batches = AttackBatches(real_frames(), photos, 4, 5, seed=0)
    game = check_game(begin, batches[0], tmp_path)
    check = Check(
        game.generator,
        game.wearing,
        photos,
        goal,
        2,
        stop=-1.0 if goal.falls else 2.0,
    )
    check.look()
    before = check.probability
    game.fit(batches, epochs=4, verbose=0, callbacks=[check])
    assert len(game.history.history["held_out_probability"]) == 4
    if goal.falls:
        assert check.probability < before
    else:
        assert check.probability > before


def test_training_stops_when_the_check_is_content(photos):
    game = make_game()
    game.aim(DODGING, 0)
    check = Check(game.generator, game.wearing, photos, DODGING, 0, stop=1.0)
    game.fit(
        AttackBatches(real_frames(), photos, 2, 1, seed=0),
        epochs=5,
        verbose=0,
        callbacks=[check],
    )
    assert check.succeeded and check.glasses.shape == (64, 176, 3)
    assert len(game.history.history["held_out_probability"]) == 1


def test_the_worn_warp_is_in_the_training_and_in_the_check(photos, tmp_path):
    shift = np.array([[1, 0, -20], [0, 1, 9], [0, 0, 1]], "float32")
    moved = Photos(
        photos.train,
        photos.test,
        np.stack([shift] * 3),
        np.stack([shift] * 2),
    )

    def begin():
        game = make_game(physical=True)
        game.aim(IMPERSONATION, 1)
        return game

    batches = AttackBatches(real_frames(), moved, 2, 1, seed=0)
    assert [part.shape[1:] for part in batches[0]] == [
        (64, 176, 3),
        (224, 224, 3),
        (3, 3),
    ]
    game = check_game(begin, batches[0], tmp_path)
    glasses = np.random.default_rng(1).uniform(-1, 1, (3, 64, 176, 3))
    glasses = glasses.astype("float32")
    found = mean_measures(game.wearing, glasses, moved, DODGING, 1)
    recognizer = game.wearing.layers[-1]
    for pair, probability in zip(glasses, found, strict=True):
        worn = wear(
            np.stack([pair] * 2), moved.test, load_mask(), moved.test_warps
        )
        wanted = ops.softmax(recognizer(to_input(worn, 96, -1.0)))[:, 1]
        np.testing.assert_allclose(
            probability, np.mean(ops.convert_to_numpy(wanted)), atol=0.02
        )


def test_mean_measures_are_per_pair(photos):
    game = make_game()
    glasses = np.random.default_rng(1).uniform(-1, 1, (18, 64, 176, 3))
    glasses = glasses.astype("float32")
    together = mean_measures(game.wearing, glasses, photos, DODGING, 3)
    alone = mean_measures(game.wearing, glasses[17:], photos, DODGING, 3)
    np.testing.assert_allclose(together[17:], alone, rtol=1e-4)
    assert together.shape == (18,)


def test_a_batch_depends_on_its_step_only(photos):
    frames = real_frames()
    whole = AttackBatches(frames, photos, 3, 2, seed=1)
    whole.on_epoch_end()
    later = AttackBatches(frames, photos, 3, 2, seed=1, first_step=2)
    for one, other in zip(whole[1], later[1], strict=True):
        np.testing.assert_array_equal(one, other)


def test_bad_aims_and_rules_are_refused():
    game = make_game()
    with pytest.raises(ValueError, match="Received: 5"):
        game.aim(DODGING, 5)
    with pytest.raises(ValueError, match="kappa=1.5"):
        AttackRules(kappa=1.5)


def test_a_step_is_the_sum_by_hand(photos):
    """The generator's gradient goes through the join, image by image."""
    game = make_game(kappa=0.3)
    game.aim(DODGING, 1)
    glasses = np.random.default_rng(5).uniform(-1, 1, (2, 64, 176, 3))
    glasses = glasses.astype("float32")
    faces = photos.train[:2]

    def realism(x):
        logits = game.discriminator(x, training=True)
        return ops.mean(generator_loss(logits, target=0.9))

    def likeness(x):
        worn = [x, ops.convert_to_tensor(faces)]
        logits = game.wearing(worn, training=False)
        return ops.mean(objective(logits, game.person))

    def both(x):
        left, right = split_for_two(x, 0.3)
        return realism(left) + likeness(right)

    (first,) = input_gradients(realism, [glasses])
    (second,) = input_gradients(likeness, [glasses])
    (found,) = input_gradients(both, [glasses])
    np.testing.assert_allclose(
        found, join(first, second, 0.3), rtol=1e-3, atol=1e-7
    )
