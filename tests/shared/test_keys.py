"""Keys from every source, and what is refused."""

import os
import pty
import subprocess
import sys

import pytest
from absl import flags

from shared import keys
from shared.errors import UserError


def read(*arguments, confirm=False):
    values = flags.FlagValues()
    keys.define_flags(values)
    values(["command", *map(str, arguments)])
    return keys.read_key(values, confirm)


def test_without_a_flag_there_is_no_key():
    assert read() is None
    assert read("--nokey_prompt") is None


@pytest.mark.parametrize(
    "key", ["k", " spaced ", "Schlüssel", "\0\n", "🙂" * 99]
)
def test_each_source_gives_the_key_as_it_is(tmp_path, monkeypatch, key):
    assert read(f"--key={key}") == key
    path = tmp_path / "key"
    path.write_bytes(key.encode())
    if not key.endswith("\n"):
        assert read(f"--key_file={path}") == key
    for ending in (b"\n", b"\r\n"):
        path.write_bytes(key.encode() + ending)
        assert read(f"--key_file={path}") == key
    if "\0" not in key:
        monkeypatch.setenv("SOME_KEY", key)
        assert read("--key_env=SOME_KEY") == key


@pytest.mark.parametrize(
    ("content", "key"),
    [(b"a\n\n", "a\n"), (b"a\r", "a\r"), (b" a \n", " a "), (b"\n\n", "\n")],
)
def test_one_line_break_of_a_file_is_dropped_and_nothing_else(
    tmp_path, content, key
):
    (tmp_path / "key").write_bytes(content)
    assert read(f"--key_file={tmp_path / 'key'}") == key


def test_a_key_may_come_through_a_pipe():
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as file:
        file.write(b"piped\n")
    assert read(f"--key_file=/dev/fd/{reader}") == "piped"
    os.close(reader)


@pytest.mark.parametrize("content", [b"", b"\n", b"\r\n"])
def test_an_empty_key_file_is_refused(tmp_path, content):
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(UserError, match=r"--key_file: .*: the key is empty"):
        read(f"--key_file={tmp_path / 'key'}")


@pytest.mark.parametrize("content", [b"k\xff", b"\xc3", b"\xed\xa0\x80"])
def test_bytes_that_are_no_text_are_refused(tmp_path, monkeypatch, content):
    (tmp_path / "key").write_bytes(content)
    monkeypatch.setitem(os.environ, "BAD_KEY", os.fsdecode(content))
    for flag in (
        f"--key_file={tmp_path / 'key'}",
        "--key_env=BAD_KEY",
        f"--key={os.fsdecode(content)}",
    ):
        with pytest.raises(UserError, match="the key is not UTF-8"):
            read(flag)


def test_files_that_are_no_key_are_refused(tmp_path):
    for path, reason in (
        (tmp_path, "cannot be read"),
        (tmp_path / "missing", "cannot be read"),
        ("a\0b", "cannot be read"),
        ("", "cannot be read"),
        ("/dev/zero", "longer than 65536 bytes"),
    ):
        with pytest.raises(UserError, match=f"--key_file: .*{reason}"):
            read(f"--key_file={path}")


def test_empty_and_unset_variables_are_refused(monkeypatch):
    monkeypatch.setenv("EMPTY", "")
    monkeypatch.delenv("UNSET", raising=False)
    with pytest.raises(UserError, match="--key_env=EMPTY: the key is empty"):
        read("--key_env=EMPTY")
    for name in ("UNSET", "", "\udcff", "\ud800"):
        with pytest.raises(UserError, match="no such environment variable"):
            read(f"--key_env={name}")
    with pytest.raises(UserError, match="--key: the key is empty"):
        read("--key=")


@pytest.mark.parametrize(
    "given",
    [
        ["--key=a", "--key_file=b"],
        ["--key=a", "--key_env=B"],
        ["--key=", "--key_prompt"],
        ["--key=a", "--key_file=b", "--key_env=C", "--key_prompt"],
    ],
)
def test_one_source_is_enough(given):
    names = ", ".join(flag.split("=")[0] for flag in given)
    with pytest.raises(UserError, match=f"give one of {names}$"):
        read(*given)


def test_help_says_that_a_key_on_the_command_line_is_seen():
    values = flags.FlagValues()
    keys.define_flags(values)
    assert "list of processes" in values["key"].help
    assert "history" in values["key"].help


@pytest.mark.parametrize("stdin", [subprocess.DEVNULL, subprocess.PIPE, None])
def test_without_a_terminal_nobody_is_asked(stdin):
    code = "from tests.shared.test_keys import read; read('--key_prompt')"
    if stdin is None:
        code = f"import sys; sys.stdin = None; {code}"
    done = subprocess.run(
        [sys.executable, "-c", code],
        input="typed\n" if stdin == subprocess.PIPE else None,
        stdin=None if stdin == subprocess.PIPE else subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
    )
    assert "UserError: --key_prompt: " in done.stderr
    assert done.returncode == 1


def ask(answers, confirm):
    """(result, what the terminal showed) of --key_prompt on a terminal."""
    program = (
        "from shared.errors import UserError\n"
        "from tests.shared.test_keys import read\n"
        "try:\n"
        f"    print('got', ascii(read('--key_prompt', confirm={confirm})))\n"
        "except UserError as error:\n"
        "    print('error:', error)\n"
    )
    child, terminal = pty.fork()
    if not child:
        os.execv(sys.executable, [sys.executable, "-c", program])
    shown = b""
    with os.fdopen(terminal, "r+b", buffering=0) as file:
        while True:
            try:
                data = file.read(1024)
            except OSError:
                break
            shown += data
            # An answer to each question, once it stands there.
            if shown.endswith(b": ") and answers:
                file.write(answers.pop(0))
            if not data:
                break
    os.waitpid(child, 0)
    return shown.decode(errors="replace").splitlines()


@pytest.mark.parametrize(
    ("answers", "confirm", "last"),
    [
        (["secret\n"], False, "got 'secret'"),
        (["secret\n", "secret\n"], True, "got 'secret'"),
        (["secret\n", "sacred\n"], True, "error: --key_prompt: the two keys"),
        (["\n"], True, "error: --key_prompt: the key is empty"),
        (["\x04"], False, "error: --key_prompt: the terminal gave no key"),
        (["Gr\u00fc\u00dfe\n"], False, r"got 'Gr\xfc\xdfe'"),
    ],
)
def test_the_terminal_is_asked_and_does_not_show_the_key(
    answers, confirm, last
):
    shown = ask([answer.encode() for answer in answers], confirm)
    assert last in shown[-1]
    assert shown[0].startswith("Key: ")
    assert not any("secret" in line for line in shown[:-1])


def test_a_key_is_compared_in_its_normal_form():
    assert keys.normal("Schlu\u0308ssel") == keys.normal("Schl\u00fcssel")
    assert keys.normal("a ") != keys.normal("a")
    for key in ("", "\ud800", b"bytes", None):
        with pytest.raises(ValueError, match="the key"):
            keys.normal(key)


def test_keys_and_salts_give_other_secrets():
    secrets = {
        keys.stretch(key, salt) for key in "ab" for salt in (b"", b"s", b"t")
    }
    assert len(secrets) == 6 and {len(secret) for secret in secrets} == {32}
    # What is hidden today is read tomorrow.
    assert keys.stretch("key", b"stego").hex().startswith("dfd8cdfc9086d57e")
