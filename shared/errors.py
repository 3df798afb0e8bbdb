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
