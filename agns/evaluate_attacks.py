"""Many attacks with one compiled game."""

import dataclasses

import keras
import numpy as np

from agns.attack_run import AttackBatches, Check, mean_probabilities
from agns.game import AttackGame, build_wearing
from agns.models import answers, dtype_policy
from agns.networks import CODE_SIZE
from shared.grids import to_uint8


@dataclasses.dataclass(frozen=True)
class Attack:
    """One attack of a plan.

    Attributes:
        kind: "dodging" or "impersonation".
        attacker: Who wears the glasses.
        person: Whose probability is lowered or raised.
        index: The person's class.
        seed: Of codes and photos.
    """

    kind: str
    attacker: str
    person: str
    index: int
    seed: int

    @property
    def name(self) -> str:
        """Unique within a plan; fit for a file name."""
        return f"{self.kind}-{self.attacker}-{self.person}-{self.seed}"


def plan_attacks(people, attackers, targets, seeds, kinds, seed=0):
    """Draws who attacks whom.

    Args:
        people: The recogniser's people.
        attackers: How many of them attack.
        targets: How many others each one imitates.
        seeds: Repetitions of each attack.
        kinds: Of "dodging" and "impersonation".
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
        if "dodging" in kinds:
            pairs.append(("dodging", attacker, attacker))
        if "impersonation" in kinds:
            pairs += [("impersonation", attacker, int(t)) for t in drawn]
    return [
        Attack(kind, people[attacker], people[person], int(person), repetition)
        for repetition in range(seeds)
        for kind, attacker, person in pairs
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
        self.wearing = self.other(checker)
        with dtype_policy("float32"):
            self.game = AttackGame(
                generator,
                discriminator,
                build_wearing(recognizer, mask),
                rules,
            )
        self.game.compile(jit_compile=jit_compile)
        codes = np.random.default_rng(0).normal(size=(500, CODE_SIZE))
        # The discriminator's real frames are those the generator made before
        # anybody taught it to deceive.
        self.frames = to_uint8(answers(generator, codes.astype("float32")))
        self._start = [v.numpy() for v in self._moving()]

    def _moving(self):
        """All that an attack changes."""
        game = self.game
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

    def run(
        self,
        attack,
        photos,
        stop,
        steps,
        check_every,
        batch_size,
        others,
        folder,
    ):
        """Makes one attack from the beginning.

        Args:
            attack: Attack.
            photos: The attacker's Photos.
            stop: Mean probability at which it has succeeded.
            steps: Steps at most.
            check_every: Steps between checks.
            batch_size: Glasses a step.
            others: What `other` makes, by model, of the same people.
            folder: Where `glasses/NAME.npy` is kept.

        Returns:
            dict of JSON values.
        """
        for variable, value in zip(self._moving(), self._start, strict=True):
            variable.assign(value)
        game = self.game
        game.aim(attack.kind, attack.index)
        check = Check(
            self.generator,
            self.wearing,
            photos,
            attack.index,
            attack.kind,
            stop,
            attack.seed,
        )
        curve = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: path.append(
                logs["held_out_probability"]
            )
        )
        path: list[float] = []
        game.fit(
            AttackBatches(
                self.frames, photos, batch_size, check_every, attack.seed
            ),
            epochs=max(1, steps // check_every),
            shuffle=False,
            verbose=0,
            callbacks=[check, curve],
        )
        kept = folder / "glasses"
        kept.mkdir(exist_ok=True)
        np.save(kept / f"{attack.name}.npy", to_uint8(check.glasses))
        return {
            "name": attack.name,
            "kind": attack.kind,
            "attacker": attack.attacker,
            "person": attack.person,
            "seed": attack.seed,
            "succeeded": check.succeeded,
            "probability": check.probability,
            "steps": len(path) * check_every,
            "path": path,
            "transfer": {
                model: float(
                    mean_probabilities(
                        wearing, check.glasses[None], photos, attack.index
                    )[0]
                )
                for model, wearing in others.items()
            },
        }
