"""The files of a report, and what is printed."""

import json
import math

import numpy as np
import pytest
from absl import flags

from shared.errors import UserError
from shared.images import read_photo
from shared.report_files import (
    define_flags,
    narrator,
    print_report,
    save_report,
    to_json,
)

RESULTS = {"psnr": math.inf, "shown": "Grüße\x9b", "rows": [(1, math.nan)]}


def _values(*arguments):
    values = flags.FlagValues()
    define_flags(values)
    values(["command", *arguments])
    return values


def test_what_json_cannot_hold_is_null():
    expected = {"psnr": None, "shown": "Grüße\x9b", "rows": [[1, None]]}
    assert json.loads(to_json(RESULTS)) == expected
    assert json.loads(to_json(RESULTS, ascii_only=True)) == expected
    assert "Grüße" in to_json(RESULTS)
    assert to_json(RESULTS, ascii_only=True).isascii()


def test_a_report_is_text_bytes_and_pictures(tmp_path):
    picture = np.full((4, 5, 3), 7, np.uint8)
    files = {"report.md": "| ü |\n", "raw.bin": b"\0", "seen.png": picture}
    (tmp_path / "report.md").write_text("of an earlier run")
    written = save_report(tmp_path, RESULTS, files)
    assert [path.name for path in written] == ["report.json", *files]
    assert sorted(written) == sorted(tmp_path.iterdir())
    assert written[0].read_text("utf-8") == to_json(RESULTS)
    assert written[1].read_bytes() == "| ü |\n".encode()
    assert written[2].read_bytes() == b"\0"
    np.testing.assert_array_equal(read_photo(written[3]).rgb8, picture)


def test_a_report_is_written_whole_or_not_at_all(tmp_path):
    (tmp_path / "report.md").write_text("of an earlier run")
    (tmp_path / "seen.png").mkdir()
    with pytest.raises(UserError, match=r"seen.png: cannot be written"):
        save_report(tmp_path, {}, {"report.md": "new", "seen.png": b"\0"})
    assert (tmp_path / "report.md").read_text() == "of an earlier run"
    assert not (tmp_path / "report.json").exists()


def test_a_person_gets_the_text_and_the_names(tmp_path, capsys):
    written = save_report(tmp_path, {}, {"report.md": "| a |\n| b |\n"})
    print_report({}, written, _values())
    shown = capsys.readouterr().out
    assert shown.startswith("| a |\n| b |\n")
    assert shown.splitlines()[-2:] == list(map(str, written))
    print("far", file=narrator(_values()))
    assert capsys.readouterr().out == "far\n"


def test_a_program_gets_json_alone(tmp_path, capsys):
    written = save_report(tmp_path, RESULTS, {"report.md": "| a |\n"})
    values = _values("--json")
    print_report(RESULTS, written, values)
    print("far", file=narrator(values))
    shown = capsys.readouterr()
    assert json.loads(shown.out) == json.loads(written[0].read_text("utf-8"))
    assert shown.err == "far\n"
