"""Files come whole, all or none, and replace nobody else's."""

import json
import os
import stat
import threading
from pathlib import Path

import pytest
from absl import flags

from shared.errors import UserError
from shared.outputs import (
    Outputs,
    check_report_dir,
    define_save_dir,
    refuse_existing,
    write_files,
)


def _names(folder):
    return sorted(os.listdir(folder))


def test_an_existing_file_is_refused_and_replaced_only_if_asked(tmp_path):
    path = tmp_path / "a.png"
    refuse_existing(path)
    write_files({path: b"old"})
    with pytest.raises(UserError, match="a.png: exists; .*--overwrite"):
        refuse_existing(path)
    # The second check: a file that came after the first.
    with pytest.raises(UserError, match="a.png: exists; .*--overwrite"):
        write_files({path: b"new"})
    assert path.read_bytes() == b"old" and _names(tmp_path) == ["a.png"]
    refuse_existing(path, overwrite=True)
    write_files({path: b"new"}, overwrite=True)
    assert path.read_bytes() == b"new" and _names(tmp_path) == ["a.png"]


def test_what_is_read_is_never_replaced(tmp_path):
    photo = tmp_path / "a.png"
    photo.write_bytes(b"original")
    (tmp_path / "link.png").symlink_to(photo)
    os.link(photo, tmp_path / "twin.png")
    (tmp_path / "other.png").touch()
    around = tmp_path / ".." / tmp_path.name
    for folder, name in [
        (tmp_path, "a.png"),
        (tmp_path, "link.png"),
        (tmp_path, "twin.png"),
        (around, "a.png"),
    ]:
        target = folder / name
        with pytest.raises(UserError, match="never replaced"):
            refuse_existing(target, overwrite=True, inputs=[photo])
        with pytest.raises(UserError, match="never replaced"):
            Outputs(True, [photo]).check(target)
    refuse_existing(tmp_path / "other.png", True, [photo, tmp_path / "none"])


def test_links_and_devices_are_not_replaced(tmp_path):
    (tmp_path / "nowhere").symlink_to(tmp_path / "none")
    with pytest.raises(UserError, match="exists"):
        refuse_existing(tmp_path / "nowhere")
    with pytest.raises(UserError, match="exists"):
        write_files({tmp_path / "nowhere": b"x"})
    for path in ("/dev/null", tmp_path):
        with pytest.raises(UserError, match="nothing that can be replaced"):
            refuse_existing(path, overwrite=True)


def test_a_folder_is_replaced_if_it_is_a_saved_model(tmp_path):
    (tmp_path / "letter").touch()
    with pytest.raises(UserError, match="nothing that can be replaced"):
        refuse_existing(tmp_path, overwrite=True)
    (tmp_path / "saved_model.pb").touch()
    refuse_existing(tmp_path, overwrite=True)
    with pytest.raises(UserError, match="exists"):
        refuse_existing(tmp_path)


@pytest.mark.parametrize(
    "names", [("a.png", "A.png"), ("\u00e9.png", "e\u0301.png"), ("b", "b")]
)
def test_two_outputs_that_some_disks_take_for_one(tmp_path, names):
    outputs = Outputs()
    first, second = Path("photos/1.jpg"), Path("photos/2.jpg")
    outputs.claim(tmp_path / names[0], first)
    outputs.claim(tmp_path / names[0], first)
    with pytest.raises(UserError, match=r"2.jpg: .* 1.jpg; rename one"):
        outputs.claim(tmp_path / names[1], second)


@pytest.mark.parametrize("overwrite", [False, True])
def test_two_files_or_none(tmp_path, overwrite):
    first, second = tmp_path / "a.png", tmp_path / "b.png"
    second.mkdir()
    with pytest.raises(UserError, match="b.png"):
        write_files({first: b"1", second: b"2"}, overwrite)
    assert _names(tmp_path) == ["b.png"]
    # One that was replaced comes back.
    first.write_bytes(b"old")
    with pytest.raises(UserError, match="[ab].png"):
        write_files({first: b"1", second: b"2"}, overwrite)
    assert first.read_bytes() == b"old"
    assert _names(tmp_path) == ["a.png", "b.png"]
    second.rmdir()
    first.unlink()
    write_files({first: b"1", second: b"2"}, overwrite)
    assert (first.read_bytes(), second.read_bytes()) == (b"1", b"2")


def test_a_missing_folder_is_named(tmp_path):
    path = tmp_path / "none" / "a.png"
    with pytest.raises(UserError, match="none/a.png: cannot be written: No"):
        write_files({path: b"x"})


def test_a_disk_without_hard_links(tmp_path, monkeypatch):
    def refuse(*arguments, **options):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    write_files({tmp_path / "a": b"1"})
    with pytest.raises(UserError, match="exists"):
        write_files({tmp_path / "a": b"2"})
    assert (tmp_path / "a").read_bytes() == b"1" and _names(tmp_path) == ["a"]


def test_of_many_who_write_one_name_one_wins(tmp_path):
    path, wins = tmp_path / "a", []

    def write(number):
        try:
            write_files({path: b"%d" % number * 1000})
        except UserError:
            return
        wins.append(number)

    threads = [threading.Thread(target=write, args=[n]) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = wins
    assert path.read_bytes() == b"%d" % winner * 1000
    assert _names(tmp_path) == ["a"]


def test_the_umask_holds_and_is_not_touched(tmp_path, monkeypatch):
    before = os.umask(0o027)
    try:
        monkeypatch.setattr(os, "umask", None)
        write_files({tmp_path / "a": b"x"})
        mode = stat.S_IMODE((tmp_path / "a").stat().st_mode)
    finally:
        monkeypatch.undo()
        os.umask(before)
    assert mode == 0o640


def test_a_report_replaces_a_report_and_nothing_else(tmp_path):
    names, command = ["samples.png"], "stego.evaluate"
    check_report_dir(tmp_path / "new", names, command)
    (tmp_path / "samples.png").touch()
    check_report_dir(tmp_path, ["report.md"], command)
    with pytest.raises(UserError, match="samples.png: exists, .*--save_dir"):
        check_report_dir(tmp_path, names, command)
    recipe = {"command": "python -m stego.evaluate --seed 7"}
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"recipe": recipe, "photos": []}))
    check_report_dir(tmp_path, names, command)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1, 2]",
        '{"recipe": "soup"}',
        '{"recipe": {"command": null}}',
        '{"recipe": {"command": "python -m dcgan.evaluate"}}',
    ],
)
def test_a_report_of_something_else_is_not_replaced(tmp_path, text):
    (tmp_path / "report.json").write_text(text)
    with pytest.raises(UserError, match="report.json: exists, .*--save_dir"):
        check_report_dir(tmp_path, ["report.md"], "stego.evaluate")


@pytest.mark.parametrize("name", ["save_dir", "report_dir"])
def test_save_dir_goes_by_its_earlier_name_too(name):
    values = flags.FlagValues()
    define_save_dir("Folder.", "report_dir", values)
    flags.mark_flag_as_required("save_dir", values)
    values(["command", f"--{name}=there"])
    assert values.save_dir == values.report_dir == "there"


def test_save_dir_may_have_a_folder_that_nobody_names():
    values = flags.FlagValues()
    define_save_dir("Folder.", "output_dir", values, default="here")
    values(["command"])
    assert values.save_dir == "here"
