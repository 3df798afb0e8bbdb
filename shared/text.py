"""Text on its way to a person's terminal or to another program.

File names and messages out of pictures are other people's: a control character
in one could move the cursor, set the window's title, or reverse a line.
"""

import json
import os
import sys
import unicodedata

# Marks that turn the direction of the text after them, in any script.
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
                  "\u2066\u2067\u2068\u2069")  # fmt: skip
# Controls, halves of surrogate pairs (bytes that are no UTF-8), line and
# paragraph separators.
_UNSAFE = ("Cc", "Cs", "Zl", "Zp")


def printable(text, keep=""):
    r"""`text` with what a terminal would obey written as `\x1b`, `\u202e`.

    Args:
        text: anything; its `str` is taken.
        keep: str, controls that stay, such as "\n\t".

    Returns:
        str. Letters of every script, emoji and their joiners stay.
    """
    return "".join(
        char.encode("unicode_escape").decode("ascii")
        if char not in keep
        and (char in _BIDI or unicodedata.category(char) in _UNSAFE)
        else char
        for char in str(text)
    )


def to_bytes(text):
    """Text for a file, in UTF-8; bytes of a name that are not are escaped."""
    return text.encode("utf-8", "backslashreplace")


def say(line, file=None, keep=""):
    """Prints one line, made `printable`, above a progress bar if there is one.

    Args:
        line: str; a line break in it is escaped like other controls.
        file: stream; default stdout.
        keep: as for `printable`; of our own texts of several lines, "\\n".
    """
    file = file or sys.stdout
    line = printable(line, keep)
    # A command without a bar should not wait for tqdm to be imported.
    tqdm = sys.modules.get("tqdm")
    if tqdm:
        tqdm.tqdm.write(line, file=file)
    else:
        print(line, file=file)
    file.flush()


def warn(message):
    """Says `warning: message` on stderr, as a single line."""
    say(f"warning: {message}", file=sys.stderr)


def json_line(record, key="path"):
    """A record about a file as one line of JSON in ASCII.

    A path that is not UTF-8 is spelled with escapes, for JSON cannot hold it;
    `path_bytes` then is its bytes in hexadecimal.

    Args:
        record: dict of JSON values, but for the path, which may be a Path.
        key: str, where in `record` the path is.

    Returns:
        str.
    """
    path = os.fspath(record[key])
    record = record | {key: path}
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        record[key] = printable(path)
        record[f"{key}_bytes"] = os.fsencode(path).hex()
    return json.dumps(record)


def is_utf8(text):
    """Whether text can be written as UTF-8: whether no byte of it was not."""
    return not any("\ud800" <= char <= "\udfff" for char in text)
