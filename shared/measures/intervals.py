"""How sure a counted rate is."""

import math


def wilson_interval(successes, trials):
    """The 95 % Wilson interval of a rate.

    Args:
        successes: int, 0 to `trials`.
        trials: int, at least 1.

    Returns:
        (low, high), in [0, 1].

    Raises:
        ValueError: unless 0 <= successes <= trials and trials > 0.

    Source: Wilson, "Probable Inference", JASA 22, 1927.
    """
    if not 0 <= successes <= trials or trials < 1:
        raise ValueError(
            "need 0 <= successes <= trials and trials > 0. Received: "
            f"{successes} of {trials}"
        )
    z = 1.959963984540054
    rate = successes / trials
    center = rate + z * z / (2 * trials)
    spread = z * math.sqrt(rate * (1 - rate) / trials + z * z / (4 * trials**2))
    scale = 1 + z * z / trials
    # Rounding must not push a bound past a rate of exactly 0 or 1.
    low = 0.0 if successes == 0 else (center - spread) / scale
    high = 1.0 if successes == trials else (center + spread) / scale
    return low, high
