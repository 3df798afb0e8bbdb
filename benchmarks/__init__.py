"""Speed against the machine's own limit, and fidelity."""

import shared  # noqa: F401 (first; see there)
