"""Whether a GAN's training goes well, in words."""

import math

HEALTHY = "healthy"
DISCRIMINATOR_WINS = "discriminator wins"
GENERATOR_WINS = "generator wins"
MODE_COLLAPSE = "mode collapse"

ADVICE = {
    DISCRIMINATOR_WINS: "its loss is near 0 and no generated image passes: "
    "lower --discriminator_learning_rate, raise --dropout, smooth the labels "
    "(--real_label 0.9)",
    GENERATOR_WINS: "nearly every generated image passes as real: raise "
    "--discriminator_learning_rate or lower --dropout",
    MODE_COLLAPSE: "generated images are alike: use separate batches, lower "
    "the learning rates, or try another --seed",
}


def diagnose(logs: dict, entropy: float | None = None) -> str:
    """Names the state that a GAN's numbers show.

    Args:
        logs: An epoch's means of `shared.gan.gan_logs` and the players'
            losses; `class_entropy` (nats) and `class_coverage` (count) if a
            classifier looked at samples.
        entropy: Entropy of the data's own classes, in nats; None if it has
            none. exp(entropy) is as many classes as there are, if they are
            even.

    Returns:
        `HEALTHY` or one of the keys of `ADVICE`; the worst, where several
        would do. Collapse means a diversity below a quarter of the data's,
        or samples in fewer than half of the data's classes, or with less
        than half of their entropy.
    """
    collapsed = logs["diversity"] < 0.25
    if entropy is not None and "class_entropy" in logs:
        collapsed = (
            collapsed
            or logs["class_coverage"] < math.exp(entropy) / 2
            or logs["class_entropy"] < entropy / 2
        )
    if collapsed:
        return MODE_COLLAPSE
    if logs["discriminator_loss"] < 0.1 and logs["generator_accuracy"] < 0.02:
        return DISCRIMINATOR_WINS
    if logs["generator_accuracy"] > 0.95 and logs["generator_loss"] < 0.3:
        return GENERATOR_WINS
    return HEALTHY


class Health:
    """Follows the state over a training; keeps the steps at which it changed.

    Args:
        entropy: Entropy of the data's classes; see `diagnose`.
        patience: Reports in a row that make a failure, not a phase.
    """

    def __init__(self, entropy: float | None = None, patience: int = 3):
        self.entropy = entropy
        self.patience = patience
        self.state = HEALTHY
        self.reports = 0
        self.changes = {}

    @property
    def failed(self) -> bool:
        """Whether the state has been bad for `patience` reports."""
        return self.state != HEALTHY and self.reports >= self.patience

    def update(self, step: int, logs: dict) -> str | None:
        """Takes a report's numbers.

        Returns:
            A line to log if the state has changed, else None.
        """
        state = diagnose(logs, self.entropy)
        if state == self.state:
            self.reports += 1
            return None
        self.state, self.reports = state, 1
        self.changes[f"{state} ({step})"] = step
        if state == HEALTHY:
            return f"step {step}: healthy again"
        return f"step {step}: {state}: {ADVICE[state]}"

    def get_state(self) -> dict:
        """JSON values from which `set_state` goes on."""
        return {
            "state": self.state,
            "reports": self.reports,
            "changes": self.changes,
        }

    def set_state(self, saved: dict) -> None:
        """Goes on from `get_state`; {} is a new training."""
        self.state = saved.get("state", HEALTHY)
        self.reports = saved.get("reports", 0)
        self.changes = dict(saved.get("changes", {}))
