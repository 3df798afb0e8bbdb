"""How attacks are made: the flags of `agns.attack` and `agns.evaluate`."""

from absl import flags

from agns.game import OBJECTIVES, AttackRules
from shared.errors import UserError


def define_attack_flags() -> None:
    """Defines the flags that say how glasses learn."""
    flags.DEFINE_integer("steps", 300, "Steps at most.", lower_bound=1)
    flags.DEFINE_integer(
        "check_every", 10, "Steps between checks.", lower_bound=1
    )
    flags.DEFINE_integer("batch_size", 16, "Glasses a step.", lower_bound=2)
    flags.DEFINE_float("kappa", 0.25, "Share of realism in the gradient.")
    flags.DEFINE_enum(
        "objective", "logits", OBJECTIVES, "What is asked of the recogniser."
    )
    flags.DEFINE_float("learning_rate", 5e-5, "Of the generator.")
    flags.DEFINE_float("discriminator_rate", 2e-5, "Of the discriminator.")


def rules_from_flags(values=flags.FLAGS) -> AttackRules:
    """The rules that the flags describe.

    Raises:
        UserError: if one makes no sense.
    """
    try:
        return AttackRules(
            values.kappa,
            values.objective,
            values.learning_rate,
            values.discriminator_rate,
        )
    except ValueError as error:
        raise UserError(str(error)) from error
