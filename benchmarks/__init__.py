"""Speed against the machine's own limit, and fidelity."""
