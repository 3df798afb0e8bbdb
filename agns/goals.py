"""What glasses are for: one record a goal, and all that follows from it.

Flags, the game, the check, the evaluation's plan, its controls and its report
read these records: a new kind of attack is one more `Goal` in `GOALS`. Needs
no training framework.
"""

import dataclasses

import numpy as np

from shared.errors import UserError, check_choice


@dataclasses.dataclass(frozen=True)
class Goal:
    """What a recogniser is to say of a face that wears the glasses.

    By default a goal is about the probability of one person: the wearer, or
    another who is named. One that is about something else overrides
    `measure`, and `weights` and `sign` with it.

    Attributes:
        name: As flags, `attack.json` and `report.json` spell it.
        falls: Whether what `measure` gives is to fall; else it is to rise.
        stop: The mean of it, 0 to 1, at which an attack has succeeded.
        needs_target: Whether the person is another than the wearer.
    """

    name: str
    falls: bool
    stop: float
    needs_target: bool

    @property
    def sign(self) -> float:
        """1 if the generator is to lower the likeness, -1 if to raise it."""
        return 1.0 if self.falls else -1.0

    def weights(self, person, classes):
        """What each class counts in the likeness that the generator learns.

        Args:
            person: The person's class.
            classes: How many there are.

        Returns:
            [classes] float32.
        """
        return np.eye(classes, dtype=np.float32)[person]

    def measure(self, probabilities, person):
        """How far from the goal, or how near to it, faces are.

        Args:
            probabilities: [N, classes], the recogniser's.
            person: The person's class.

        Returns:
            [N] in [0, 1].
        """
        return probabilities[:, person]

    def best(self, found) -> int:
        """The place of the pair of glasses that comes nearest to the goal.

        Args:
            found: [K], the mean of `measure` for each pair.
        """
        return int(np.argmin(found) if self.falls else np.argmax(found))

    def reached(self, value, stop=None) -> bool:
        """Whether a mean of `measure` is enough.

        Args:
            value: The mean.
            stop: What is enough; None stands for the goal's own.
        """
        stop = self.stop if stop is None else stop
        return bool(value <= stop if self.falls else value >= stop)

    def best_control(self, control) -> float:
        """What comes nearest among the glasses of a control.

        Args:
            control: dict with `least` and `greatest`, see
                `agns.controls.describe`.
        """
        return control["least" if self.falls else "greatest"]

    def control(self, attacker, person) -> str:
        """The name of an attack's controls; attacks that share them share it.

        Args:
            attacker: Name of the wearer.
            person: Name of the person.
        """
        name = f"{attacker} as {person}"
        shared = type(self).measure is Goal.measure
        return name if shared else f"{name} ({self.name})"


_ALL = (
    # As good as unknown; more than nine times in ten: the reference's.
    Goal("dodging", falls=True, stop=0.01, needs_target=False),
    Goal("impersonation", falls=False, stop=0.924, needs_target=True),
)
# In the order in which attacks are planned and reported.
GOALS = {goal.name: goal for goal in _ALL}
# What an evaluation tries that names none. One that goes on may not change
# it, so goals which are added stay outside.
EVALUATED = ("dodging", "impersonation")


@dataclasses.dataclass(frozen=True)
class Kind:
    """An attack as a person asks for it: glasses of some make, for a goal.

    Attributes:
        name: As `--kind` and `attack.json` spell it.
        goals: Those it can have; a target that is named or not decides.
        physical: Whether the photos show worn frames with green marks, onto
            which the glasses are warped; else they lie in place.
    """

    name: str
    goals: tuple[Goal, ...]
    physical: bool = False

    @property
    def takes_target(self) -> bool:
        """Whether another person may be named."""
        return any(goal.needs_target for goal in self.goals)


# Every goal, of glasses in place; and of marked photos.
KINDS = {goal.name: Kind(goal.name, (goal,)) for goal in _ALL} | {
    "physical": Kind(
        "physical", (GOALS["dodging"], GOALS["impersonation"]), physical=True
    )
}


def find_goal(name) -> Goal:
    """The goal of a name.

    Raises:
        ValueError: if there is none.
    """
    check_choice("kind", name, GOALS)
    return GOALS[name]


def choose_goal(kind, attacker, target, people):
    """The goal of an attack, and whose face it is about.

    Args:
        kind: Kind.
        attacker: The attacker's name.
        target: Whom to look like, or None.
        people: The recogniser's people.

    Returns:
        (Goal, class): the target's class, or the attacker's without one.

    Raises:
        UserError: naming the flag, if the three do not go together.
    """
    fitting = [g for g in kind.goals if g.needs_target == bool(target)]
    if target and not fitting:
        takes = [name for name, other in KINDS.items() if other.takes_target]
        raise UserError(
            f"--target: {kind.name} has none; leave it out, or use --kind="
            + " or ".join(takes)
        )
    if not fitting:
        raise UserError("--target is missing: whom should the glasses show?")
    if not target and attacker not in people:
        raise UserError(
            f"--attacker: the recogniser does not know {attacker}, who has "
            "nothing to dodge; it knows " + _some(people)
        )
    if target and target not in people:
        raise UserError(
            f"--target: the recogniser does not know {target}; it knows "
            + _some(people)
        )
    if target == attacker:
        raise UserError(f"--target: {target} is the attacker; name another")
    return fitting[0], people.index(target or attacker)


def _some(people):
    shown = ", ".join(people[:5])
    return shown + (f" and {len(people) - 5} more" if people[5:] else "")
