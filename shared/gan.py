"""Generator against discriminator: the game and the losses of a plain GAN.

The networks are arguments, so any pair plays: a generator from latents to
images, and a discriminator from images to one logit (its sigmoid is the
probability of "real"; the loss works on the logit, where it cannot overflow).
"""

import dataclasses

import keras
from keras import ops

from shared.errors import check_choice
from shared.game import Game, Player

GENERATOR_LOSSES = ("non_saturating", "minimax")
LATENTS = ("normal", "uniform")


def binary_loss(logits, labels):
    """Cross-entropy between logits and labels, per example.

    Args:
        logits: [N, 1] or [N].
        labels: Number, or tensor of the same shape; usually in [0, 1].

    Returns:
        [N] float32, in nats.
    """
    logits = ops.reshape(ops.cast(logits, "float32"), (-1,))
    if not isinstance(labels, int | float):
        labels = ops.reshape(ops.cast(labels, "float32"), (-1,))
    return ops.softplus(logits) - labels * logits


def generator_loss(fake_logits, kind="non_saturating", target=1.0):
    """What the generator pays for images that are called fake, per example.

    Args:
        fake_logits: [N, 1] or [N], the discriminator's of generated images.
        kind: `non_saturating` is the cross-entropy with the label of real
            images ("flipped labels"); `minimax` is log(1 - D), the original
            game's loss, whose gradient fades while the discriminator wins.
        target: Label of `non_saturating`.

    Returns:
        [N] float32, in nats.

    Raises:
        ValueError: If `kind` is unknown.

    Source: Goodfellow et al., "Generative Adversarial Nets", 2014, section 3.
    """
    check_choice("kind", kind, GENERATOR_LOSSES)
    if kind == "minimax":
        return -binary_loss(fake_logits, 0.0)
    return binary_loss(fake_logits, target)


@dataclasses.dataclass(frozen=True)
class GanRules:
    """What the two players are told.

    Attributes:
        latent: Distribution of the latents: `normal` is N(0, 1), `uniform`
            is U(-1, 1).
        generator_loss: One of `GENERATOR_LOSSES`.
        generator_target: Label of the non-saturating loss.
        real_label: Label of real images for the discriminator; .9 is
            one-sided label smoothing.
        fake_label: Label of generated images for the discriminator.
        label_flip: Share of the discriminator's labels which are swapped.
        label_noise: The discriminator's labels are lowered by a uniform
            number up to this.
        separate_batches: Whether the discriminator sees real and generated
            images in a batch each. It matters where one of its layers looks
            across the batch, as batch normalisation does.
    """

    latent: str = "normal"
    generator_loss: str = "non_saturating"
    generator_target: float = 1.0
    real_label: float = 1.0
    fake_label: float = 0.0
    label_flip: float = 0.0
    label_noise: float = 0.0
    separate_batches: bool = True

    def __post_init__(self):
        for name, choices in (
            ("latent", LATENTS),
            ("generator_loss", GENERATOR_LOSSES),
        ):
            check_choice(name, getattr(self, name), choices)
        if not 0 <= self.label_flip < 0.5:
            raise ValueError(
                f"`label_flip` must be in [0, 0.5). Received: {self.label_flip}"
            )


class Gan(Game):
    """The game of a generator against a discriminator.

    Both move at once, from one forward pass. A subclass with more players
    uses `sample_latents`, `judge` and `discriminator_loss` in its own `play`.

    Args:
        generator: Model from latents [N, Z] to images.
        discriminator: Model from images to logits [N, 1].
        generator_optimizer: Optimizer of the generator alone.
        discriminator_optimizer: Optimizer of the discriminator alone.
        rules: What the players are told.
        seed: Seed of the latents and of noise on the labels. The networks'
            own weights are the caller's to seed.
    """

    def __init__(
        self,
        generator,
        discriminator,
        generator_optimizer,
        discriminator_optimizer,
        rules=None,
        seed=0,
    ):
        super().__init__(name="gan")
        self.generator = generator
        self.discriminator = discriminator
        self.rules = rules or GanRules()
        self.latent_size = generator.input_shape[-1]
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.set_players(
            Player("generator", (generator,), generator_optimizer),
            Player("discriminator", (discriminator,), discriminator_optimizer),
        )
        self.track(
            "real_accuracy", "fake_accuracy", "generator_accuracy", "diversity"
        )

    def sample_latents(self, count):
        """Draws latents [count, Z], float32."""
        shape = (count, self.latent_size)
        if self.rules.latent == "uniform":
            return keras.random.uniform(
                shape, -1.0, 1.0, seed=self.seed_generator
            )
        return keras.random.normal(shape, seed=self.seed_generator)

    def judge(self, real, fake, training: bool):
        """Asks the discriminator about real and generated images.

        Args:
            real: [N, H, W, C].
            fake: [M, H, W, C].
            training: Whether the discriminator is learning.

        Returns:
            Logits [N, 1] of the real and [M, 1] of the generated images.
        """
        if self.rules.separate_batches:
            return (
                self.discriminator(real, training=training),
                self.discriminator(fake, training=training),
            )
        both = ops.concatenate([real, fake], axis=0)
        logits = self.discriminator(both, training=training)
        count = ops.shape(real)[0]
        return logits[:count], logits[count:]

    def discriminator_loss(self, real_logits, fake_logits):
        """The discriminator's loss, a mean over all images it saw."""
        rules = self.rules
        real = self._labelled_loss(
            real_logits, rules.real_label, rules.fake_label
        )
        fake = self._labelled_loss(
            fake_logits, rules.fake_label, rules.real_label
        )
        return 0.5 * (ops.mean(real) + ops.mean(fake))

    def _labelled_loss(self, logits, label, other):
        rules, shape = self.rules, (ops.shape(logits)[0],)
        labels = label
        if rules.label_flip:
            draw = keras.random.uniform(shape, seed=self.seed_generator)
            labels = ops.where(draw < rules.label_flip, other, label)
        if rules.label_noise:
            noise = keras.random.uniform(shape, seed=self.seed_generator)
            labels = labels - rules.label_noise * noise
        return binary_loss(logits, labels)

    def both_losses(self, real_logits, fake_logits):
        """Each player's loss by its name, scalars."""
        rules = self.rules
        return {
            "generator": ops.mean(
                generator_loss(
                    fake_logits, rules.generator_loss, rules.generator_target
                )
            ),
            "discriminator": self.discriminator_loss(real_logits, fake_logits),
        }

    def play(self, data, training):
        real = ops.cast(data[0] if isinstance(data, tuple) else data, "float32")
        latents = self.sample_latents(ops.shape(real)[0])
        fake = ops.cast(self.generator(latents, training=training), "float32")
        real_logits, fake_logits = self.judge(real, fake, training)
        losses = self.both_losses(real_logits, fake_logits)
        return losses, gan_logs(real, fake, real_logits, fake_logits)


def gan_logs(real, fake, real_logits, fake_logits):
    """Scalars which say how the game stands.

    Args:
        real: [N, H, W, C] real images.
        fake: [M, H, W, C] generated images, in the same unit.
        real_logits: Logits of the real images.
        fake_logits: Logits of the generated images.

    Returns:
        Dict: `real_accuracy` and `fake_accuracy`, shares of images which the
        discriminator calls by their name; `generator_accuracy`, share of
        generated images which it calls real; `diversity`, the mean squared
        distance between generated images over that between real ones, from 0
        (all alike) to about 1.
    """
    called_real = ops.mean(ops.cast(real_logits > 0, "float32"))
    fooled = ops.mean(ops.cast(fake_logits > 0, "float32"))
    spread = ops.mean(ops.var(fake, axis=0)) / (
        ops.mean(ops.var(real, axis=0)) + 1e-7
    )
    return {
        "real_accuracy": called_real,
        "fake_accuracy": 1.0 - fooled,
        "generator_accuracy": fooled,
        "diversity": spread,
    }
