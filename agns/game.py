"""The game of glasses against a discriminator and a face recogniser."""

import dataclasses

import keras
from keras import ops

from agns.eyeglass_gan import EyeglassGan
from agns.join import split_for_two
from agns.layers.black_padding import BlackPadding
from agns.layers.face_adder import FaceAdder
from agns.layers.resizer import Resizer
from agns.networks import GLASSES_SHAPE, logits_of
from shared.errors import check_choice
from shared.gan import GanRules, gan_logs, generator_loss

OBJECTIVES = ("logits", "probability")


@dataclasses.dataclass(frozen=True)
class AttackRules:
    """How an attack is made.

    Attributes:
        kappa: Share of realism in the generator's gradient, 0 to 1.
        objective: `logits` is the paper's sum of logits; `probability` is
            the logarithm of the person's probability.
        learning_rate: Of the generator (Adam, beta_1 .5).
        discriminator_rate: Of the discriminator.
    """

    kappa: float = 0.25
    objective: str = "logits"
    learning_rate: float = 5e-5
    discriminator_rate: float = 2e-5

    def __post_init__(self):
        check_choice("objective", self.objective, OBJECTIVES)
        if not 0 <= self.kappa <= 1:
            raise ValueError(
                f"`kappa` must be in [0, 1]. Received: kappa={self.kappa}"
            )


def objective(logits, person, kind="logits"):
    """How much each face looks like one person to a recogniser.

    Args:
        logits: [N, classes].
        person: [classes], 1 for the person and 0 for the others; or other
            weights, see `agns.goals.Goal.weights`.
        kind: "logits": the person's logit minus the sum of all others, as
            the paper has it; "probability": log of the person's probability.

    Returns:
        [N] float32, to be lowered or raised: see `agns.goals.Goal.sign`.
    """
    logits = ops.cast(logits, "float32")
    own = ops.sum(logits * person, axis=1)
    if kind == "probability":
        return own - ops.logsumexp(logits, axis=1)
    return 2.0 * own - ops.sum(logits, axis=1)


def build_wearing(recognizer, mask, physical=False) -> keras.Model:
    """A recogniser's view of faces that wear glasses.

    Args:
        recognizer: Keras recogniser, of `agns.networks`.
        mask: [224, 224], 1 on the frame.
        physical: Whether glasses are warped to where a photo shows them.

    Input shape:
        `glasses` [N, 64, 176, 3] in [-1, 1], `face` [N, 224, 224, 3] in
        [0, 1] and, if physical, `homography` [N, 3, 3] from a pixel of the
        face to the position on the canvas that it shows.

    Output shape:
        [N, classes], logits.
    """
    side = mask.shape[0]
    size = recognizer.input_shape[1]
    glasses = keras.Input(GLASSES_SHAPE, name="glasses")
    inputs = [glasses, keras.Input((side, side, 3), name="face")]
    # Colours keep their eight bits under any policy.
    pieces = [
        BlackPadding(side, mask=mask, dtype="float32")(glasses),
        inputs[1],
    ]
    if physical:
        inputs.append(keras.Input((3, 3), name="homography"))
        pieces.append(inputs[2])
    worn = FaceAdder(side, mask, dtype="float32")(*pieces)
    zero_base = recognizer.name.startswith("vgg")
    worn = Resizer(size, size, zero_base, dtype="float32")(worn)
    return keras.Model(inputs, logits_of(recognizer)(worn), name="wearing")


class AttackGame(EyeglassGan):
    """Generator against discriminator and recogniser, which stands still.

    Both players move at each step, on the same glasses. The generator runs
    with the statistics it has learned, so that the glasses it is taught with
    are those it makes afterwards. Batches are (real frames [N, 64, 176, 3] in
    [-1, 1], faces [N, 224, 224, 3] in [0, 1]) and, if physical, homographies.

    Args:
        generator, discriminator: Trained networks; they change.
        wearing: What `build_wearing` makes; frozen here.
        rules: How the attack is made.
        seed: Seed of the codes.
    """

    def __init__(self, generator, discriminator, wearing, rules, seed=0):
        wearing.trainable = False
        super().__init__(
            generator,
            discriminator,
            keras.optimizers.Adam(rules.learning_rate, beta_1=0.5),
            keras.optimizers.Adam(rules.discriminator_rate, beta_1=0.5),
            GanRules(real_label=0.9, generator_target=0.9),
            seed,
        )
        self.wearing = wearing
        self.attack = rules
        classes = wearing.output_shape[-1]
        # Weights, so that one compiled game serves many attacks.
        self.person = self.add_weight(
            shape=(classes,), initializer="zeros", trainable=False
        )
        self.sign = self.add_weight(
            shape=(), initializer="zeros", trainable=False
        )
        self.track("objective_d", "objective_f", "probability", "diversity")

    def aim(self, goal, person: int) -> None:
        """Says what the glasses are for.

        Args:
            goal: `agns.goals.Goal`.
            person: Class of the wearer, or of whom to look like.

        Raises:
            ValueError: for a class that is not there.
        """
        classes = self.person.shape[0]
        if not 0 <= person < classes:
            raise ValueError(
                f"`person` must be in [0, {classes}). Received: {person}"
            )
        self.person.assign(goal.weights(person, classes))
        self.sign.assign(goal.sign)

    def play(self, data, training):
        real, *worn_by = data
        codes = self.sample_latents(ops.shape(real)[0])
        glasses = self.generator(codes, training=False)
        to_judge, to_wear = split_for_two(glasses, self.attack.kappa)
        real_logits, fake_logits = self.judge(real, to_judge, training)
        logits = self.wearing([to_wear, *worn_by], training=False)
        likeness = objective(logits, self.person, self.attack.objective)
        realism = generator_loss(
            fake_logits, target=self.rules.generator_target
        )
        losses = {
            "generator": ops.mean(realism) + self.sign * ops.mean(likeness),
            "discriminator": self.discriminator_loss(real_logits, fake_logits),
        }
        probabilities = ops.softmax(ops.cast(logits, "float32"))
        logs = {
            "objective_d": ops.mean(ops.sigmoid(fake_logits)),
            "objective_f": ops.mean(likeness),
            "probability": ops.mean(
                ops.sum(probabilities * self.person, axis=1)
            ),
        }
        return losses, logs | gan_logs(real, glasses, real_logits, fake_logits)
