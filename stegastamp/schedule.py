"""When each difficulty of the game starts, and how hard it is by then.

A schedule answers one question, `levels(step)`: a number per knob, which the
game multiplies onto that knob's full strength. `update` hears how the players
do. Its state is plain JSON, so a killed training goes on where it was.
"""

import dataclasses

from stegastamp import distortions

# By knob, the setting that holds the steps of its rise in the paper's schedule.
_DISTORTION_RAMPS = {"trans": "rnd_trans_ramp"} | distortions.RAMPS
_LOSS_RAMPS = {
    "secret": "secret_loss_ramp",
    "l2": "l2_loss_ramp",
    "lpips": "lpips_loss_ramp",
    "critic": "G_loss_ramp",
    "edge": "l2_edge_ramp",
}
RAMPS = _DISTORTION_RAMPS | _LOSS_RAMPS
DISTORTION_KNOBS = tuple(_DISTORTION_RAMPS)
KNOBS = tuple(RAMPS)


@dataclasses.dataclass(frozen=True)
class PaperSchedule:
    """The original's ramps by step: success is hoped for, not waited for.

    Args:
        ramps: Steps from 0 to full strength per knob; a missing knob is at
            full strength from the start (the original's blur).
        no_image_loss_steps: Steps in which only the secret counts.
        edge_delay: Step at which the edge gain starts to rise.
    """

    ramps: dict[str, int]
    no_image_loss_steps: int
    edge_delay: int

    # Class attributes, not fields: the same for every such schedule.
    one_batch = False
    stalled = False
    opened = {}

    def levels(self, step: int) -> dict[str, float]:
        """Returns the level in [0, 1] of each knob at a step."""
        levels = {}
        for knob in KNOBS:
            start = self.edge_delay if knob == "edge" else 0
            ramp = self.ramps.get(knob, 0)
            passed = max(0, step - start)
            levels[knob] = min(1.0, passed / ramp) if ramp else 1.0
        if step < self.no_image_loss_steps:
            levels |= dict.fromkeys(("l2", "lpips", "critic", "edge"), 0.0)
        return levels

    def update(self, step: int, accuracy: float, steps: int) -> None:
        """Takes note of nothing: the ramps depend on the step alone."""

    def describe(self) -> str:
        """Says what the training is doing, for the progress bar."""
        return "ramps by step"

    def get_state(self) -> dict:
        """Returns the state as JSON values."""
        return {}

    def set_state(self, state: dict) -> None:
        """Restores what `get_state` returned."""


@dataclasses.dataclass(frozen=True)
class Stage:
    """One difficulty: it rises over `ramp` steps, then waits for its gate.

    Attributes:
        name: Shown while training.
        ramp: Steps from start to full strength, counted only while the bit
            accuracy is at least `hold`.
        hold: Bit accuracy below which the difficulty stops rising.
        gate: Bit accuracy at which the next stage starts, once at full
            strength.
    """

    name: str
    ramp: int
    hold: float
    gate: float


class GatedSchedule:
    """Each difficulty starts only when the secret's accuracy allows it.

    The stages are: one fixed batch of photos with fresh secrets, all photos,
    distortions, the image loss (its weight rises in log space), the critic.
    Nothing turns back. If the first gate is not passed by `patience` steps
    the training is `stalled`, and its owner starts afresh with another seed.

    Args:
        stages: Those, in that order; the critic may be left out.
        decades: Powers of ten over which the image loss rises.
        patience: Steps to wait for the first gate.
    """

    def __init__(
        self, stages: tuple[Stage, ...], decades: float, patience=3000
    ):
        if len(stages) not in (4, 5):
            raise ValueError(f"Expected 4 or 5 stages. Received: {len(stages)}")
        self.stages = stages
        self.decades = decades
        self.patience = patience
        self.stage = 0
        self.progress = 0.0
        self.stalled = False
        self.opened = {stages[0].name: 0}

    @property
    def one_batch(self) -> bool:
        """Whether every step shows the same photos."""
        return self.stage == 0

    def levels(self, step: int) -> dict[str, float]:
        """Returns the level in [0, 1] of each knob; `step` plays no part."""
        distortions, image, critic = (self._reached(i) for i in (2, 3, 4))
        rising = 10 ** (-self.decades * (1 - image)) if self.stage >= 3 else 0.0
        levels = dict.fromkeys(DISTORTION_KNOBS, distortions)
        return levels | {
            "secret": 1.0,
            "l2": rising,
            "lpips": rising,
            "critic": critic,
            "edge": image,
        }

    def _reached(self, index: int) -> float:
        if self.stage == index:
            return self.progress
        return 1.0 if self.stage > index else 0.0

    def update(self, step: int, accuracy: float, steps: int) -> None:
        """Hears the mean bit accuracy of the last `steps` steps.

        Args:
            step: Steps taken since the start.
            accuracy: Mean bit accuracy in [0, 1] under the current damage.
            steps: Steps the mean was taken over.
        """
        stage = self.stages[self.stage]
        if accuracy >= stage.hold:
            self.progress = min(1.0, self.progress + steps / max(1, stage.ramp))
        last = self.stage == len(self.stages) - 1
        if self.progress >= 1.0 and accuracy >= stage.gate and not last:
            self.stage += 1
            self.progress = 0.0
            self.opened[self.stages[self.stage].name] = step
        self.stalled = self.stage == 0 and step >= self.patience

    def describe(self) -> str:
        """Says which gate the training waits for, for the progress bar."""
        stage = self.stages[self.stage]
        text = f"{stage.name} {self.progress:.0%}"
        if self.progress < 1.0:
            return f"{text}, rises while bits >= {stage.hold:g}"
        if self.stage == len(self.stages) - 1:
            return text
        return f"{text}, waits for bits >= {stage.gate:g}"

    def get_state(self) -> dict:
        """Returns the state as JSON values."""
        return {
            "stage": self.stage,
            "progress": self.progress,
            "opened": self.opened,
        }

    def set_state(self, state: dict) -> None:
        """Restores what `get_state` returned."""
        self.stage = state["stage"]
        self.progress = state["progress"]
        self.opened = dict(state["opened"])
