"""Both games: the victim that learns to see, the attacker that blinds it."""

import dataclasses

import keras
from keras import ops

from malicious_ae.losses import (
    misread_loss,
    read_as_loss,
    reference_loss,
    weighted_mean,
)
from shared.errors import check_choice
from shared.game import Game, Player
from shared.metrics.psnr import psnr
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


OBJECTIVES = ("reference", "misread", "targeted")


@dataclasses.dataclass(frozen=True)
class AttackRules:
    """What the attacker wants.

    Attributes:
        objective: `reference` is the original's loss; `misread` makes every
            pixel be read wrong; `targeted` one class only.
        source: Class that is attacked by `targeted`.
        target: Class it is to be read as; None makes it vanish, into
            whatever is nearest.
        keep: Weight of the other classes, which are to stay readable.
    """

    objective: str
    source: int | None = None
    target: int | None = None
    keep: float = 1.0

    def __post_init__(self):
        check_choice("objective", self.objective, OBJECTIVES)
        if (self.objective == "targeted") != (self.source is not None):
            raise ValueError(
                "`source` belongs to the objective `targeted`. Received: "
                f"objective={self.objective!r}, source={self.source}"
            )
        if self.source is not None and self.source == self.target:
            raise ValueError("`source` and `target` are the same class")


class AttackGame(Game):
    """One player: the attacker. The victim is frozen, in inference mode.

    Args:
        attacker: Model from images [N, H, W, 3] in [0, 1] to the same.
        victim: Model from such images to logits; it is made untrainable.
        class_weights: float [classes]; 0 leaves a class out.
        rules: What the attacker wants.
        learning_rate: Of Adam: a number or a schedule.
        weight_decay: As in `VictimGame`.

    Raises:
        ValueError: If networks or weights do not fit each other.
    """

    def __init__(
        self,
        attacker,
        victim,
        class_weights,
        rules: AttackRules,
        learning_rate=5e-4,
        weight_decay=0.0,
    ):
        super().__init__(name="attack_game")
        if attacker.output_shape[1:] != victim.input_shape[1:]:
            raise ValueError(
                f"an attacker of {attacker.output_shape[1:]} does not fit a "
                f"victim of {victim.input_shape[1:]}"
            )
        if len(class_weights) != victim.output_shape[-1]:
            raise ValueError(
                f"{len(class_weights)} class weights do not fit a victim of "
                f"{victim.output_shape[-1]} classes"
            )
        victim.trainable = False
        self.attacker, self.victim = attacker, victim
        self.class_weights = ops.convert_to_tensor(class_weights, "float32")
        self.rules = rules
        self.weight_decay = weight_decay
        self.set_players(
            Player(
                "attacker", (attacker,), keras.optimizers.Adam(learning_rate)
            )
        )
        self.track("psnr", "cross_entropy", "pixel_accuracy", "success")

    def play(self, data, training):
        images, labels = data
        attacked = self.attacker(images, training=training)
        # Never `training`: dropout and moving statistics would make the
        # victim another network than the one that is measured.
        logits = self.victim(attacked, training=False)
        cross_entropy = batch_cross_entropy(logits, labels, self.class_weights)
        loss = self._loss(images, attacked, logits, labels, cross_entropy)
        for variable in self.attacker.trainable_variables:
            if self.weight_decay:
                square = ops.sum(ops.square(variable))
                loss = loss + 0.5 * self.weight_decay * square
        return {"attacker": loss}, {
            "psnr": ops.mean(psnr(images, attacked, limit=100.0)),
            "cross_entropy": cross_entropy,
            "pixel_accuracy": pixel_accuracy(
                logits, labels, self.class_weights
            ),
            "success": self._success(logits, labels),
        }

    def _loss(self, images, attacked, logits, labels, cross_entropy):
        rules = self.rules
        if rules.objective == "reference":
            return reference_loss(images, attacked, cross_entropy)
        weights = ops.take(self.class_weights, labels)
        if rules.objective == "misread":
            return weighted_mean(misread_loss(logits, labels), weights)
        here = ops.cast(labels == rules.source, "float32")
        if rules.target is None:
            wanted = misread_loss(logits, labels)
        else:
            wanted = read_as_loss(logits, ops.full_like(labels, rules.target))
        kept = read_as_loss(logits, labels)
        return weighted_mean(wanted, here) + rules.keep * weighted_mean(
            kept, weights * (1.0 - here)
        )

    def _success(self, logits, labels):
        """Share of the attacked pixels that are read as the attacker wants."""
        rules = self.rules
        read = ops.cast(ops.argmax(logits, axis=-1), labels.dtype)
        if rules.objective == "targeted":
            counts = ops.cast(labels == rules.source, "float32")
        else:
            weights = ops.take(self.class_weights, labels)
            counts = ops.cast(weights > 0, "float32")
        if rules.target is None:
            hits = read != labels
        else:
            hits = read == rules.target
        return weighted_mean(ops.cast(hits, "float32"), counts)
