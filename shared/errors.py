"""Errors a person can act on."""

import sys

from shared.text import printable, say


class UserError(Exception):
    """A bad input; its text is one line naming the file or flag and the mend.

    Commands print it as `error: TEXT` and exit with a non-zero code. Library
    code that is not about files raises ValueError instead.
    """


def error_line(message):
    """`error: message` as a single printable line; breaks become spaces."""
    return "error: " + printable(" ".join(str(message).split()))


def report(message):
    """Prints `error: message` on stderr as a single line."""
    say(error_line(message), file=sys.stderr)


def check_choice(name, value, choices):
    """Refuses an argument that is none of what may be chosen.

    Args:
        name: str, the argument.
        value: what was given for it.
        choices: sequence, set of records by name, or the like; in the order
            in which they are told.

    Raises:
        ValueError: if it is none of them.
    """
    if value not in choices:
        raise ValueError(
            f"`{name}` must be one of {', '.join(map(str, choices))}. "
            f"Received: {value!r}"
        )
