"""What every part of a kind must keep: one call checks all of it."""
