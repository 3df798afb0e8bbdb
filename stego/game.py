"""The game: Alice and Bob talk in images, Eve tries to tell which."""

import dataclasses

import keras
from keras import ops

from shared.errors import check_choice
from shared.game import Game, Player
from shared.metrics.bits import bit_accuracy
from shared.metrics.psnr import psnr
from stego import networks, phase_networks, residual_networks
from stego.phase_layers import LEVELS, step_cost

ARCHITECTURES = {
    "paper": networks,
    "residual": residual_networks,
    "phase": phase_networks,
}
IMAGE_LOSSES = ("l1", "l2", "adaptive")
MESSAGE_LOSSES = ("mse", "bce")


@dataclasses.dataclass(frozen=True)
class Rules:
    """What is at stake: networks, sizes, losses and their weights.

    Attributes:
        architecture: Key of `ARCHITECTURES`.
        output_size: Side of the images in pixels.
        msg_len: Bits of a message.
        a: Weight of Eve in Alice and Bob's loss.
        b: Weight of the difference of cover and stego image.
        c: Weight of Bob's reading.
        image_loss: `l1`, mean absolute difference in units of [-1, 1], or
            `l2`, mean square in 8-bit levels, or `adaptive`, the same
            weighted by `step_cost`.
        message_loss: `mse` of -.5 and .5, or `bce` of logits.
        rounding: Whether Bob and Eve see stego images as a PNG file holds
            them, in whole levels.
    """

    architecture: str
    output_size: int
    msg_len: int
    a: float
    b: float
    c: float
    image_loss: str
    message_loss: str
    rounding: bool

    def __post_init__(self):
        for name, choices in (
            ("architecture", ARCHITECTURES),
            ("image_loss", IMAGE_LOSSES),
            ("message_loss", MESSAGE_LOSSES),
        ):
            check_choice(name, getattr(self, name), choices)


def round_levels(images):
    """Rounds images in [-1, 1] to 8 bits; gradients pass as if it did not."""
    rounded = ops.round((images + 1.0) * LEVELS) / LEVELS - 1.0
    return images + ops.stop_gradient(rounded - images)


def keep_gray(covers, stegos):
    """Gives each gray cover a gray stego image, as its file must be.

    Args:
        covers: [N, H, W, 3]; gray where all three channels are equal.
        stegos: [N, H, W, 3].

    Returns:
        `stegos`, those of gray covers averaged over the channels.
    """
    spread = ops.max(covers, axis=-1) - ops.min(covers, axis=-1)
    gray = ops.cast(ops.max(spread, axis=(1, 2)) <= 0.0, stegos.dtype)
    gray = ops.reshape(gray, (-1, 1, 1, 1))
    mean = ops.mean(stegos, axis=-1, keepdims=True)
    return stegos + gray * (mean - stegos)


def build_rules(settings: dict) -> Rules:
    """Turns settings into the game's rules."""
    fields = dataclasses.fields(Rules)
    return Rules(**{field.name: settings[field.name] for field in fields})


class StegoGame(Game):
    """Alice and Bob together, against Eve.

    Args:
        rules: What is at stake.
        learning_rate: Of Alice and Bob (Adam): a number or a schedule.
        eve_optimizer: `sgd`, or `adam`, with which Eve wins at once.
        eve_learning_rate: Of Eve.

    Raises:
        ValueError: For an unknown optimizer.
    """

    def __init__(
        self,
        rules: Rules,
        learning_rate=1e-4,
        eve_optimizer="sgd",
        eve_learning_rate=1e-4,
    ):
        super().__init__(name="stego_game")
        optimizers = {
            "sgd": keras.optimizers.SGD,
            "adam": keras.optimizers.Adam,
        }
        check_choice("eve_optimizer", eve_optimizer, optimizers)
        self.rules = rules
        build = ARCHITECTURES[rules.architecture]
        self.alice = build.build_alice(rules.output_size, rules.msg_len)
        self.bob = build.build_bob(rules.output_size, rules.msg_len)
        self.eve = build.build_eve(rules.output_size)
        # A weight, so that a checkpoint keeps it.
        self.pressure = self.add_weight(
            shape=(),
            initializer="ones",
            trainable=False,
            dtype="float32",
            name="pressure",
        )
        self.set_players(
            Player(
                "alice_bob",
                (self.alice, self.bob),
                keras.optimizers.Adam(learning_rate),
            ),
            Player(
                "eve",
                (self.eve,),
                optimizers[eve_optimizer](eve_learning_rate),
            ),
        )
        self.track(
            "bit_accuracy",
            "bob_loss",
            "image_loss",
            "eve_accuracy",
            "psnr",
            "image_weight",
        )

    def hide(self, covers, messages, training: bool):
        """Puts messages into covers.

        Args:
            covers: [N, s, s, 3] in [-1, 1].
            messages: [N, msg_len] of -.5 and .5.
            training: Whether Alice is learning.

        Returns:
            [N, s, s, 3] in [-1, 1], as they would be read from a file if
            the rules say so.
        """
        stegos = self.alice([covers, messages], training=training)
        stegos = keep_gray(covers, stegos)
        return round_levels(stegos) if self.rules.rounding else stegos

    def play(self, data, training):
        rules, (covers, messages) = self.rules, data
        covers = ops.cast(covers, "float32")
        messages = ops.cast(messages, "float32")
        bits = ops.cast(messages > 0, "float32")
        stegos = self.hide(covers, messages, training)
        answers = self.bob(stegos, training=training)

        if rules.message_loss == "mse":
            bob_loss = ops.mean(ops.square(messages - answers))
        else:
            bob_loss = ops.mean(
                ops.binary_crossentropy(bits, answers, from_logits=True)
            )
        if rules.image_loss == "l1":
            image_loss = ops.mean(ops.abs(covers - stegos))
        elif rules.image_loss == "adaptive":
            steps = ops.square(LEVELS * (stegos - covers))
            image_loss = ops.mean(steps * step_cost(covers))
        else:
            image_loss = ops.mean(ops.square(LEVELS * (stegos - covers)))

        # One batch of both, so that batch statistics do not tell them apart.
        logits = self.eve(
            ops.concatenate([covers, stegos], axis=0), training=training
        )
        on_covers, on_stegos = ops.split(logits, 2, axis=0)
        caught = ops.mean(ops.softplus(on_stegos))
        eve_loss = ops.mean(ops.softplus(-on_covers)) + caught
        fooled = ops.mean(ops.softplus(-on_stegos))
        image_weight = rules.b * self.pressure
        right = ops.cast(on_covers > 0, "float32") + ops.cast(
            on_stegos <= 0, "float32"
        )
        return {
            "alice_bob": rules.a * fooled
            + image_weight * image_loss
            + rules.c * bob_loss,
            "eve": eve_loss,
        }, {
            "bit_accuracy": ops.mean(bit_accuracy(bits, answers)),
            "bob_loss": bob_loss,
            "image_loss": image_loss,
            "eve_accuracy": 0.5 * ops.mean(right),
            "psnr": ops.mean(psnr(covers, stegos, span=2.0, limit=100.0)),
            "image_weight": image_weight,
        }
