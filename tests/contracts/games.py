"""What every game must keep, checked in one call."""

import keras
import numpy as np
from keras import ops


def check_game(make, batch, folder, idle=(), steps=1):
    """Checks who moves in a game, who stands still, and what a file keeps.

    A step of `fit` moves every variable of every player and, outside the
    players' networks, nothing but random states: not a weight, not a moving
    average. Its logs are finite scalars. Playing without learning moves random
    states alone. A file of weights brings all else back, optimizers too; random
    states are the business of `shared.training.checkpoint`.

    Args:
        make: Function of nothing that returns a compiled game, always the same.
        batch: One batch, as `play` takes it.
        folder: Where the file may be written.
        idle: Ends of the paths of those players' variables that need not move,
            such as a bias which a difference or a batch norm takes away.
        steps: Two where a layer begins at zero: what stands before it has no
            gradient in the first.

    Returns:
        The game after these steps, for the caller's own oracle: going on with
        `fit` compiles nothing again.
    """
    batch = keras.tree.map_structure(ops.convert_to_tensor, batch)
    game = make()
    before = _values(game.variables)
    history = fit(game, batch, steps)
    for name, value in history.items():
        assert np.shape(value) == (1,) and np.isfinite(value).all(), name
    assert {f"{player.name}_loss" for player in game.players} <= set(history)

    learn = {id(v) for player in game.players for v in player.variables}
    may_move = _random(game) | {
        id(variable)
        for player in game.players
        for network in player.networks
        for variable in network.non_trainable_variables
    }
    moved = _moved(game.variables, before)
    for variable in game.variables:
        if id(variable) in learn:
            if not variable.path.endswith(tuple(idle)):
                assert id(variable) in moved, variable.path
        elif id(variable) not in may_move:
            assert id(variable) not in moved, variable.path

    assert _moved_by_playing(game, batch) <= _random(game)

    path = folder / "game.weights.h5"
    game.save_weights(path)
    other = make()
    for variable in other.variables:
        variable.assign(np.zeros(variable.shape, variable.dtype))
    other.load_weights(path)
    for saved, loaded in (
        (game.weights, other.weights),
        (game.optimizer.variables, other.optimizer.variables),
    ):
        for one, two in zip(saved, loaded, strict=True):
            np.testing.assert_array_equal(*_values([one, two]), one.path)
    return game


def fit(game, batch, steps=1, epochs=1):
    """The history of a game that meets one batch again and again."""
    return game.fit(
        (batch for _ in range(steps * epochs)),
        steps_per_epoch=steps,
        epochs=epochs,
        shuffle=False,
        verbose=0,
    ).history


def _values(variables):
    return [ops.convert_to_numpy(variable).copy() for variable in variables]


def _random(game):
    """Identities of the random states of a game and of all its layers."""
    return {
        id(generator.state)
        for layer in game._flatten_layers()
        for generator in layer._seed_generators
    }


def _moved(variables, before):
    """Identities of the variables that are no longer what they were."""
    return {
        id(variable)
        for variable, new, old in zip(
            variables, _values(variables), before, strict=True
        )
        if not np.array_equal(new, old)
    }


def _moved_by_playing(game, batch):
    """Identities of the variables that `play` changes where nobody learns."""
    if keras.backend.backend() == "tensorflow":
        before = _values(game.variables)
        game.play(batch, training=False)
        return _moved(game.variables, before)
    import jax

    moved = set()

    # Tracing tells what is assigned, and compiles nothing.
    def play(values, batch):
        mapping = list(zip(game.variables, values, strict=True))
        with keras.StatelessScope(state_mapping=mapping) as scope:
            game.play(batch, training=False)
        moved.update(
            id(variable)
            for variable, value in mapping
            if scope.get_current_value(variable) is not value
        )

    jax.eval_shape(play, [v.value for v in game.variables], batch)
    return moved
