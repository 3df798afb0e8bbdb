"""Every player moves by its own loss only; the step is right by hand."""

import concurrent.futures
import json
import os
import socket
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import ops

from shared.game import Game, Player, PlayersOptimizer
from tests.contracts.games import check_game

RATE = 0.1


class Tug(Game):
    """Two scalars pull on a product; a third network is nobody's."""

    def __init__(self, optimizer=None):
        super().__init__()
        keras.utils.set_random_seed(3)
        self.left, self.right, self.frozen = (
            keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
            for _ in range(3)
        )
        make = optimizer or (lambda: keras.optimizers.SGD(RATE))
        self.set_players(
            Player("left", (self.left,), make()),
            Player("right", (self.right,), make()),
        )
        self.track("difference")

    def play(self, data, training):
        (data,) = data if isinstance(data, tuple) else (data,)
        left, right = self.left(data), self.right(data)
        frozen = self.frozen(data)
        return {
            "left": ops.mean(ops.square(left - right - frozen)),
            "right": ops.mean(ops.square(right + 2.0 * left)),
        }, {"difference": ops.mean(left - right)}


def weights(network):
    return [ops.convert_to_numpy(w).copy() for w in network.weights]


def play(game, batches, **compile_arguments):
    game.compile(**compile_arguments)
    return fit(game, batches)


def fit(game, batches):
    return game.fit(
        ((batch,) for batch in batches),
        steps_per_epoch=len(batches),
        shuffle=False,
        verbose=0,
    ).history


@pytest.mark.parametrize("jit_compile", [False, True])
def test_one_step_equals_the_gradients_by_hand(jit_compile):
    game = Tug()
    x = np.random.default_rng(0).normal(size=(5, 2)).astype("float32")
    (kl, bl), (kr, br), (kf, bf) = (
        weights(n) for n in (game.left, game.right, game.frozen)
    )
    left, right, frozen = x @ kl + bl, x @ kr + br, x @ kf + bf
    d_left = 2 * (left - right - frozen) / len(x)
    d_right = 2 * (right + 2 * left) / len(x)

    history = play(game, [x], jit_compile=jit_compile)

    moved = weights(game.left), weights(game.right), weights(game.frozen)
    np.testing.assert_allclose(moved[0][0], kl - RATE * x.T @ d_left, 1e-5)
    np.testing.assert_allclose(moved[1][0], kr - RATE * x.T @ d_right, 1e-5)
    np.testing.assert_array_equal(moved[2][0], kf)
    np.testing.assert_array_equal(moved[2][1], bf)
    expected = np.mean((left - right - frozen) ** 2)
    assert history["left_loss"][0] == pytest.approx(expected, rel=1e-5)
    assert history["difference"][0] == pytest.approx(
        np.mean(left - right), rel=1e-5
    )


def test_steps_per_execution_changes_nothing():
    random = np.random.default_rng(1)
    batches = [random.normal(size=(4, 2)).astype("float32") for _ in range(6)]
    one, three = Tug(), Tug()
    play(one, batches)
    play(three, batches, steps_per_execution=3)
    for a, b in zip(one.weights, three.weights, strict=True):
        np.testing.assert_allclose(
            ops.convert_to_numpy(a), ops.convert_to_numpy(b), rtol=1e-6
        )


def test_resumed_from_a_checkpoint_the_next_step_is_the_same(tmp_path):
    random = np.random.default_rng(2)
    batches = [random.normal(size=(4, 2)).astype("float32") for _ in range(8)]

    def make():
        return Tug(lambda: keras.optimizers.Adam(0.05))

    whole, first, second = make(), make(), make()
    play(whole, batches)
    play(first, batches[:4])
    first.save_weights(tmp_path / "game.weights.h5")
    second.compile()
    second.load_weights(tmp_path / "game.weights.h5")
    fit(second, batches[4:])
    for a, b in zip(whole.weights, second.weights, strict=True):
        np.testing.assert_array_equal(
            ops.convert_to_numpy(a), ops.convert_to_numpy(b)
        )
    for a, b in zip(
        whole.optimizer.variables, second.optimizer.variables, strict=True
    ):
        np.testing.assert_array_equal(
            ops.convert_to_numpy(a), ops.convert_to_numpy(b)
        )


class Unfair(Tug):
    """One of its networks does what it should not."""

    def __init__(self, fault):
        super().__init__()
        self.frozen.trainable = False
        self.fault = fault

    def play(self, data, training):
        losses, logs = super().play(data, training)
        moves = {"a bystander moves": training, "playing moves": not training}
        if moves.get(self.fault):
            self.frozen.layers[0].bias.assign_add([1.0])
        if self.fault == "a player rests":
            losses["right"] *= 0.0
        return losses, logs


@pytest.mark.parametrize(
    "fault", ["a bystander moves", "a player rests", "playing moves"]
)
def test_the_contract_of_games_sees_who_moves(fault, tmp_path):
    x = np.random.default_rng(4).normal(size=(4, 2)).astype("float32")

    def begin(kind):
        game = kind()
        game.compile()
        return game

    check_game(lambda: begin(Tug), (x,), tmp_path)
    with pytest.raises(AssertionError):
        check_game(lambda: begin(lambda: Unfair(fault)), (x,), tmp_path)


def test_players_need_their_own_names_and_variables():
    layer = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    other = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    sgd = keras.optimizers.SGD
    with pytest.raises(ValueError, match="unique names"):
        Game().set_players(
            Player("a", (layer,), sgd()), Player("a", (other,), sgd())
        )
    with pytest.raises(ValueError, match="two players"):
        Game().set_players(
            Player("a", (layer,), sgd()), Player("b", (layer,), sgd())
        )


def test_optimizer_refuses_another_games_state():
    variable = keras.Variable(1.0)
    adam = keras.optimizers.Adam()
    adam.build([variable])
    with pytest.raises(ValueError, match="another set of players"):
        PlayersOptimizer([adam]).load_own_variables({"0": np.zeros(())})


MIRRORED = """
import numpy as np
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
two = [tf.config.LogicalDeviceConfiguration() for _ in range(2)]
tf.config.set_logical_device_configuration(cpu, two)
from tests.shared.test_game import Tug, play
x = np.random.default_rng(5).normal(size=(8, 2)).astype("float32")
single = Tug()
play(single, [x])
with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
    mirrored = Tug()
    mirrored.compile()
data = tf.data.Dataset.from_tensor_slices(x).batch(8)
mirrored.fit(data, verbose=0)
for a, b in zip(single.weights, mirrored.weights, strict=True):
    np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-5)
print("equal")
"""


@pytest.mark.tensorflow
@pytest.mark.slow
def test_two_replicas_take_the_same_step_as_one():
    """In a process of its own: devices are split before TensorFlow starts."""
    done = subprocess.run(
        [sys.executable, "-c", MIRRORED], capture_output=True, text=True
    )
    assert done.stdout.strip().endswith("equal"), done.stderr[-2000:]


WORKER = """
import numpy as np
import tensorflow as tf
strategy = tf.distribute.MultiWorkerMirroredStrategy()
from shared.training.batches import StepBatches
from tests.shared.test_game import Tug

class Batches(StepBatches):
    def make(self, step):
        return (self.random(step).normal(size=(8, 2)).astype("float32"),)

single = Tug()
single.compile()
single.fit(Batches(3, 5), shuffle=False, verbose=0)
with strategy.scope():
    shared = Tug()
    shared.compile()
history = shared.fit(Batches(3, 5), shuffle=False, verbose=0).history
for a, b in zip(single.weights, shared.weights, strict=True):
    np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-5)
assert np.ndim(history["left_loss"][0]) == 0
print("equal")
"""


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("localhost", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


@pytest.mark.tensorflow
@pytest.mark.slow
def test_two_machines_take_the_same_step_as_one():
    workers = [f"localhost:{port}" for port in free_ports(2)]
    running = []

    def finish(process):
        out, error = process.communicate()
        if process.returncode:
            # The other would wait for it for ever.
            for each in running:
                each.kill()
        return out, error

    for index in range(2):
        place = {
            "cluster": {"worker": workers},
            "task": {"type": "worker", "index": index},
        }
        running.append(
            subprocess.Popen(
                [sys.executable, "-c", WORKER],
                env=os.environ | {"TF_CONFIG": json.dumps(place)},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    with concurrent.futures.ThreadPoolExecutor() as pool:
        printed = list(pool.map(finish, running))
    # What failed first says why; the killed one says nothing.
    assert all(out.strip().endswith("equal") for out, _ in printed), [
        error[-2000:] for _, error in printed
    ]
