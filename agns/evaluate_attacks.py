"""Many attacks with one compiled game."""

import dataclasses

import numpy as np

from agns.attack_run import make_attack, mean_measures, set_up
from agns.game import build_wearing
from agns.goals import GOALS, Goal
from shared.ops.precision import dtype_policy
from shared.ranges import signed_to_levels


@dataclasses.dataclass(frozen=True)
class Attack:
    """One attack of a plan.

    Attributes:
        goal: What the glasses are for.
        attacker: Who wears the glasses.
        person: Whom the goal is about, the attacker or another.
        index: The person's class.
        seed: Of codes and photos.
    """

    goal: Goal
    attacker: str
    person: str
    index: int
    seed: int

    @property
    def name(self) -> str:
        """Unique within a plan; fit for a file name."""
        return f"{self.goal.name}-{self.attacker}-{self.person}-{self.seed}"

    @property
    def control(self) -> str:
        """The name of its controls."""
        return self.goal.control(self.attacker, self.person)


def plan_attacks(people, attackers, targets, seeds, kinds, seed=0):
    """Draws who attacks whom.

    Args:
        people: The recogniser's people.
        attackers: How many of them attack.
        targets: How many others each one imitates.
        seeds: Repetitions of each attack.
        kinds: Names of `agns.goals.GOALS`.
        seed: Of the draw.

    Returns:
        list of Attack, all of the first repetition first.
    """
    random = np.random.default_rng(seed)
    chosen = sorted(random.choice(len(people), attackers, replace=False))
    pairs = []
    for attacker in chosen:
        others = [i for i in range(len(people)) if i != attacker]
        drawn = random.choice(others, min(targets, len(others)), replace=False)
        pairs += [
            (goal, attacker, int(person))
            for goal in GOALS.values()
            if goal.name in kinds
            for person in (drawn if goal.needs_target else [attacker])
        ]
    return [
        Attack(goal, people[attacker], people[person], person, repetition)
        for repetition in range(seeds)
        for goal, attacker, person in pairs
    ]


class Arena:
    """A recogniser and eyeglass networks, ready for one attack after another.

    Args:
        generator, discriminator: Trained eyeglass networks; they change.
        recognizer: The recogniser that glasses learn from, in any precision.
        checker: The same in float32, which judges.
        mask: [224, 224], 1 on the frame.
        rules: `agns.game.AttackRules`.
        jit_compile: Whether to compile with XLA.
    """

    def __init__(
        self,
        generator,
        discriminator,
        recognizer,
        checker,
        mask,
        rules,
        jit_compile,
    ):
        self.mask = mask
        self.generator = generator
        self.setup = set_up(
            generator,
            discriminator,
            recognizer,
            mask,
            rules,
            checker=checker,
            jit_compile=jit_compile,
        )
        self._start = [v.numpy() for v in self._moving()]

    def _moving(self):
        """All that an attack changes."""
        game = self.setup.game
        return [
            *game.generator.variables,
            *game.discriminator.variables,
            *game.optimizer.variables,
            game.seed_generator.state,
        ]

    def other(self, recognizer):
        """Faces with glasses on, as another recogniser sees them."""
        with dtype_policy("float32"):
            return build_wearing(recognizer, self.mask)

    def run(self, attack, photos, others, folder, *, check_every, **pace):
        """Makes one attack from the beginning.

        Args:
            attack: Attack.
            photos: The attacker's Photos.
            others: What `other` makes, by model, of the same people.
            folder: Where `glasses/NAME.npy` is kept.
            check_every: Steps between checks.
            **pace: What else `agns.attack_run.make_attack` takes: `steps`,
                `batch_size`, `stop`.

        Returns:
            dict of JSON values.
        """
        for variable, value in zip(self._moving(), self._start, strict=True):
            variable.assign(value)
        check = make_attack(
            self.setup,
            attack.goal,
            attack.index,
            photos,
            check_every=check_every,
            seed=attack.seed,
            **pace,
        )
        kept = folder / "glasses"
        kept.mkdir(exist_ok=True)
        np.save(kept / f"{attack.name}.npy", signed_to_levels(check.glasses))
        pair = check.glasses[None]
        return {
            "name": attack.name,
            "kind": attack.goal.name,
            "attacker": attack.attacker,
            "person": attack.person,
            "seed": attack.seed,
            "succeeded": check.succeeded,
            "probability": check.probability,
            "steps": len(check.path) * check_every,
            "path": check.path,
            "transfer": {
                model: float(
                    mean_measures(
                        wearing, pair, photos, attack.goal, attack.index
                    )[0]
                )
                for model, wearing in others.items()
            },
        }
