"""What untrusted text may do to a terminal: nothing."""

import io
import json
import os
from pathlib import Path

import pytest

from shared.errors import error_line
from shared.text import json_line, printable, say, to_bytes

_TEXT = "Grüße Ωmega שלום नमस्ते 👩‍👩‍👧 a b"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;pwned\x07\x1b[2J", r"\x1b]0;pwned\x07\x1b[2J"),
        ("a\nb\rc\td\x7f\x9b1m", r"a\nb\rc\td\x7f\x9b1m"),
        ("invoice\u202egnp.exe", r"invoice\u202egnp.exe"),
        ("\u2066x\u2069\u200f\u061c", r"\u2066x\u2069\u200f\u061c"),
        ("a\u2028b\u2029c", r"a\u2028b\u2029c"),
        ("bad\udcff.jpg", r"bad\udcff.jpg"),
        # Other scripts and joined emoji are text.
        (_TEXT, _TEXT),
        (Path("a/b.png"), "a/b.png"),
    ],
)
def test_only_what_a_terminal_obeys_is_escaped(text, shown):
    assert printable(text) == shown
    printable(text).encode("utf-8")


def test_line_breaks_stay_where_they_are_wanted():
    assert printable("a\n\tb\x1b", keep="\n\t") == "a\n\tb\\x1b"


def test_a_said_line_and_an_error_are_single_lines():
    stream = io.StringIO()
    say("photo\n\x1b[2J.png -> done", file=stream)
    assert stream.getvalue() == "photo\\n\\x1b[2J.png -> done\n"
    line = error_line("photo\x1b[2J\u202e.png: is\nbroken")
    assert line == r"error: photo\x1b[2J\u202e.png: is broken"


def test_json_holds_any_path():
    record = json_line({"path": Path("Grüße.png"), "message": "π\x1b"})
    assert record.isascii()
    assert json.loads(record) == {"path": "Grüße.png", "message": "π\x1b"}
    raw = b"bad\xff\n.png"
    record = json.loads(json_line({"path": os.fsdecode(raw)}))
    assert bytes.fromhex(record["path_bytes"]) == raw
    assert record["path"] == r"bad\udcff\n.png"


def test_a_file_of_text_is_utf8_whatever_names_it_holds():
    assert to_bytes("π bad\udcff").decode("utf-8") == r"π bad\udcff"
