"""Both games: the victim that learns to see, the attacker that blinds it."""

import keras
from keras import ops

from shared.game import Game, Player
from shared.segmentation.losses import batch_cross_entropy


class VictimGame(Game):
    """One player: a segmentation network that learns from labels.

    Args:
        network: Model from images [N, H, W, 3] in [0, 1] to logits.
        class_weights: float [classes]; 0 leaves a class out of the loss.
        learning_rate: Of Adam: a number or a schedule.
        weight_decay: Factor of the L2 term whose gradient is
            `weight_decay` times each trainable weight, PyTorch's way.
        attacker: Frozen network whose transformed images make up the second
            half of each batch, for a victim that is to withstand it.

    Raises:
        ValueError: If the weights are of another class count.
    """

    def __init__(
        self,
        network,
        class_weights,
        learning_rate=5e-4,
        weight_decay=2e-4,
        attacker=None,
    ):
        super().__init__(name="victim_game")
        if len(class_weights) != network.output_shape[-1]:
            raise ValueError(
                f"{len(class_weights)} class weights do not fit a network of "
                f"{network.output_shape[-1]} classes"
            )
        self.network = network
        self.class_weights = ops.convert_to_tensor(class_weights, "float32")
        self.weight_decay = weight_decay
        if attacker is not None:
            attacker.trainable = False
        self.attacker = attacker
        self.set_players(
            Player("victim", (network,), keras.optimizers.Adam(learning_rate))
        )
        self.track("cross_entropy", "pixel_accuracy")

    def play(self, data, training):
        images, labels = data
        if self.attacker is not None:
            half = ops.shape(images)[0] // 2
            attacked = self.attacker(images[half:], training=False)
            attacked = ops.cast(attacked, images.dtype)
            images = ops.concatenate([images[:half], attacked])
        logits = self.network(images, training=training)
        cross_entropy = batch_cross_entropy(logits, labels, self.class_weights)
        decay = 0.0
        if self.weight_decay:
            squares = [
                ops.sum(ops.square(variable))
                for variable in self.network.trainable_variables
            ]
            decay = 0.5 * self.weight_decay * sum(squares)
        return {"victim": cross_entropy + decay}, {
            "cross_entropy": cross_entropy,
            "pixel_accuracy": pixel_accuracy(
                logits, labels, self.class_weights
            ),
        }


def pixel_accuracy(logits, labels, class_weights):
    """Share of the pixels of weighing classes that are read right."""
    counts = ops.take(ops.cast(class_weights > 0, "float32"), labels)
    read = ops.cast(ops.argmax(logits, axis=-1), labels.dtype)
    right = ops.cast(read == labels, "float32")
    return ops.sum(right * counts) / ops.maximum(ops.sum(counts), 1.0)
