"""A game: networks ("players") which learn against or with each other.

A `Game` is a `keras.Model`, so `fit`, callbacks, checkpoints, `jit_compile`,
`steps_per_execution`, mixed precision and distribution are Keras' own. A
subclass says only what is played: one forward pass and a loss per player.
"""

import dataclasses

import keras
from keras import ops


@dataclasses.dataclass(frozen=True)
class Player:
    """One side of a game: the networks it moves, and how it moves them.

    Attributes:
        name: Unique name; the player's loss in `Game.play` has this name.
        networks: The models or layers whose trainable variables it updates.
        optimizer: A Keras optimizer of its own. Gradient clipping is the
            optimizer's; weight clipping is the layers' constraints.
    """

    name: str
    networks: tuple[keras.layers.Layer, ...]
    optimizer: keras.optimizers.Optimizer

    @property
    def variables(self) -> list:
        """The trainable variables of the player's networks, in order."""
        return [v for net in self.networks for v in net.trainable_variables]


class PlayersOptimizer(keras.optimizers.Optimizer):
    """All players' optimizers as the one optimizer Keras saves and restores.

    The optimizers must be built. Each player keeps its own learning rate and
    its own step count.
    """

    def __init__(self, optimizers):
        super().__init__(learning_rate=0.0, name="players")
        # A plain attribute would be tracked a second time by Keras, and JAX
        # would donate the same buffers twice.
        object.__setattr__(self, "_players", tuple(optimizers))
        self.built = True

    @property
    def variables(self) -> list:
        return [v for opt in self._players for v in opt.variables]

    @property
    def iterations(self):
        return self._players[0].iterations

    def save_own_variables(self, store):
        for index, variable in enumerate(self.variables):
            store[str(index)] = variable.numpy()

    def load_own_variables(self, store):
        if len(store.keys()) != len(self.variables):
            raise ValueError(
                "The checkpoint holds another set of players: expected "
                f"{len(self.variables)} optimizer variables. "
                f"Received: {len(store.keys())}"
            )
        for index, variable in enumerate(self.variables):
            variable.assign(store[str(index)])


class Game(keras.Model):
    """Base of all games: one `fit` step moves every player once.

    All players see the same forward pass, and each player's loss is
    differentiated with respect to that player's own variables only: a
    network that no player lists is frozen. A subclass makes its networks,
    calls `set_players` at the end of its constructor (which builds every
    optimizer, so that a checkpoint always finds its place) and defines
    `play`. Pass `training=` at each network call: inside a step an omitted
    flag means inference.
    """

    def play(self, data, training: bool):
        """Runs one forward pass.

        Args:
            data: One batch, as the data set yields it.
            training: Whether the players are learning.

        Returns:
            Two dicts: a scalar loss per player name, and scalars to log.
        """
        raise NotImplementedError(f"{type(self).__name__} must define `play`.")

    def set_players(self, *players: Player) -> None:
        """Sets who moves; builds the players' optimizers.

        Raises:
            ValueError: If two players share a name or a variable.
        """
        names = [player.name for player in players]
        owned = [id(v) for player in players for v in player.variables]
        if not players or len(set(names)) < len(names):
            raise ValueError(f"Players need unique names. Received: {names}")
        if len(set(owned)) < len(owned):
            raise ValueError(
                f"A variable belongs to two players. Received: {names}"
            )
        for player in players:
            player.optimizer.build(player.variables)
        # See PlayersOptimizer: hidden from Keras' attribute tracking.
        object.__setattr__(self, "players", tuple(players))
        self._trackers = {}
        self.built = True

    def compile(self, **kwargs):
        """Configures `fit`; takes Keras' own other arguments."""
        optimizer = PlayersOptimizer([p.optimizer for p in self.players])
        if keras.backend.backend() == "tensorflow":
            _keep_from_fusing(self)
        super().compile(optimizer=optimizer, loss=None, **kwargs)

    def _maybe_symbolic_build(self, *args, **kwargs):
        # A game is built. Keras would look at a batch first, which fails
        # with MultiWorkerMirroredStrategy (keras-team/keras#20585).
        pass

    @property
    def metrics(self):
        return list(self._trackers.values())

    def track(self, *names: str) -> None:
        """Declares what `play` logs, beside the players' losses."""
        for name in (*(f"{p.name}_loss" for p in self.players), *names):
            self._trackers[name] = keras.metrics.Mean(name=name)

    def _record(self, losses, logs):
        values = {f"{name}_loss": loss for name, loss in losses.items()} | logs
        for name, tracker in self._trackers.items():
            tracker.update_state(values[name])
        return {name: t.result() for name, t in self._trackers.items()}

    def train_step(self, *args):
        """Moves every player once; Keras calls it with its backend's state."""
        if keras.backend.backend() == "jax":
            return self._train_step_jax(*args)
        return self._train_step_tensorflow(*args)

    def _train_step_tensorflow(self, data):
        import tensorflow as tf

        strategy = tf.distribute.get_strategy()
        replicas = strategy.num_replicas_in_sync
        with tf.GradientTape(persistent=True) as tape:
            losses, logs = self.play(data, training=True)
            # Keras' optimizers sum the replicas' gradients.
            shares = {k: loss / replicas for k, loss in losses.items()}
        gradients = [
            tape.gradient(shares[p.name], [v.value for v in p.variables])
            for p in self.players
        ]
        for player, gradient in zip(self.players, gradients, strict=True):
            player.optimizer.apply(gradient, player.variables)
        results = self._record(losses, logs)
        if isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
            # There Keras takes means along an axis, which scalars lack.
            results = {name: value[None] for name, value in results.items()}
        return results

    def _train_step_jax(self, state, data):
        import jax

        trainable, frozen, optimizer_state, metric_state = state
        names = [player.name for player in self.players]

        def forward(trainable):
            mapping = [
                *zip(self.trainable_variables, trainable, strict=True),
                *zip(self.non_trainable_variables, frozen, strict=True),
            ]
            with keras.StatelessScope(state_mapping=mapping) as scope:
                losses, logs = self.play(data, training=True)
            moved = _values(scope, self.non_trainable_variables, frozen)
            return [losses[name] for name in names], (logs, moved)

        losses, pull_back, (logs, frozen) = jax.vjp(
            forward, trainable, has_aux=True
        )
        position = {id(v): i for i, v in enumerate(self.trainable_variables)}
        new_trainable, new_optimizer_state = list(trainable), []
        for index, player in enumerate(self.players):
            pick = [
                ops.ones_like(loss) if i == index else ops.zeros_like(loss)
                for i, loss in enumerate(losses)
            ]
            (gradient,) = pull_back(pick)
            places = [position[id(v)] for v in player.variables]
            start = len(new_optimizer_state)
            count = len(player.optimizer.variables)
            moved, slots = player.optimizer.stateless_apply(
                optimizer_state[start : start + count],
                [gradient[i] for i in places],
                [trainable[i] for i in places],
            )
            new_optimizer_state.extend(slots)
            for place, value in zip(places, moved, strict=True):
                new_trainable[place] = value

        mapping = list(zip(self.metrics_variables, metric_state, strict=True))
        with keras.StatelessScope(state_mapping=mapping) as scope:
            results = self._record(dict(zip(names, losses, strict=True)), logs)
        metric_state = _values(scope, self.metrics_variables, metric_state)
        return results, (
            new_trainable,
            frozen,
            new_optimizer_state,
            metric_state,
        )


def _keep_from_fusing(game):
    """Turns off what TensorFlow cannot do to a training with leaky ReLUs.

    Its remapper fuses a convolution with the leaky ReLU behind it, finds that
    the gradient needs what lay between, and gives up with a line that says
    error (in 2.21); so nothing is lost.
    """
    import tensorflow as tf

    if any(
        isinstance(layer, keras.layers.LeakyReLU)
        for layer in game._flatten_layers()
    ):
        tf.config.optimizer.set_experimental_options({"remapping": False})


def _values(scope, variables, defaults):
    """The variables' values after what ran in a stateless scope."""
    return [
        default if (value := scope.get_current_value(v)) is None else value
        for v, default in zip(variables, defaults, strict=True)
    ]
