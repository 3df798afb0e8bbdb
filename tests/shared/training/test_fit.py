"""A resumed training draws on where the stopped one was."""

import keras
import numpy as np
from keras import ops

from shared.game import Game, Player
from shared.training import RunOptions, fit_run, resume


class Noisy(Game):
    """Learns from noise of its own and behind dropout."""

    def __init__(self):
        super().__init__()
        keras.utils.set_random_seed(1)
        self.network = keras.Sequential(
            [
                keras.Input((4,)),
                keras.layers.Dropout(0.5),
                keras.layers.Dense(2),
            ]
        )
        self.seed_generator = keras.random.SeedGenerator(3)
        self.set_players(
            Player("player", (self.network,), keras.optimizers.SGD(0.1))
        )
        self.track()

    def play(self, data, training):
        x = data[0] if isinstance(data, tuple) else data
        noise = keras.random.normal(ops.shape(x), seed=self.seed_generator)
        y = self.network(x + noise, training=training)
        return {"player": ops.mean(ops.square(y - 1.0))}, {}


class Ones(keras.utils.PyDataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        return (np.ones((3, 4), "float32"),)


def run(folder, steps):
    folder.mkdir(exist_ok=True)
    game = Noisy()
    game.compile()
    first = resume(game, folder)["step"]
    fit_run(
        game,
        Ones(),
        RunOptions(folder),
        steps=steps,
        steps_per_epoch=2,
        first_step=first,
        exports={},
    )
    return [ops.convert_to_numpy(v).copy() for v in game.network.weights]


def test_noise_and_dropout_go_on_where_they_were(tmp_path):
    whole = run(tmp_path / "whole", 8)
    for steps in (2, 4, 8):
        parts = run(tmp_path / "parts", steps)
    for a, b in zip(parts, whole, strict=True):
        np.testing.assert_array_equal(a, b)
