"""Keys that a person knows: where they come from, and what is made of them.

A key is a text. It may be typed on two systems that write the same letter
differently (`é` as one character or as `e` and an accent), so what counts is
its normal form NFC; nothing else about it is changed.
"""

import functools
import getpass
import hashlib
import os
import sys
import unicodedata
import warnings

from absl import flags

from shared.errors import UserError

# A longer file is no key but a mistake, or a device that never ends.
_MAX_BYTES = 65536
_SOURCES = ("key", "key_file", "key_env", "key_prompt")


def define_flags(values=flags.FLAGS):
    """Defines --key and the ways to give one that nobody looks over."""
    flags.DEFINE_string(
        "key",
        None,
        "Password: only the same key finds the message. It can be seen in "
        "the list of processes and stays in the shell's history; --key_file, "
        "--key_env and --key_prompt keep it out of both.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "key_file",
        None,
        "Instead of --key: a file that holds it in UTF-8. One line break at "
        "its end does not count.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "key_env",
        None,
        "Instead of --key: the name of an environment variable that holds it.",
        flag_values=values,
    )
    flags.DEFINE_bool(
        "key_prompt",
        False,
        "Instead of --key: ask for it on the terminal.",
        flag_values=values,
    )


def read_key(values, confirm=False):
    """The key that the flags name.

    Args:
        values: flag values, of `define_flags`.
        confirm: bool, whether --key_prompt asks twice, which it must where a
            mistyped key would lock the message away.

    Returns:
        str as it was spelled, not empty; None if no flag names one.

    Raises:
        UserError: naming the flag, if there are several, or its key is empty,
            no UTF-8, or cannot be read.
    """
    given = [
        name for name in _SOURCES if getattr(values, name) not in (None, False)
    ]
    if len(given) > 1:
        raise UserError(f"give one of {', '.join(f'--{n}' for n in given)}")
    if not given:
        return None
    if values.key_file is not None:
        source, key = _from_file(values.key_file)
    elif values.key_env is not None:
        source, key = _from_environment(values.key_env)
    elif values.key_prompt:
        source, key = "--key_prompt", _from_terminal(confirm)
    else:
        source, key = "--key", values.key
    try:
        normal(key)
    except ValueError as error:
        raise UserError(f"{source}: {error}") from None
    return key


def _from_file(path):
    source = f"--key_file: {path}"
    try:
        with open(path, "rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{source}: cannot be read: {reason}") from error
    if len(data) > _MAX_BYTES:
        raise UserError(
            f"{source}: is longer than {_MAX_BYTES} bytes; name a file that "
            "holds the key and nothing else"
        )
    ending = b"\r\n" if data.endswith(b"\r\n") else b"\n"
    key = data.removesuffix(ending).decode("utf-8", "surrogateescape")
    return source, key


def _from_environment(name):
    source = f"--key_env={name}"
    try:
        key = os.environ.get(name)
    except ValueError:
        key = None
    if key is None:
        raise UserError(f"{source}: there is no such environment variable")
    return source, key


def _from_terminal(confirm):
    # Python has no sys.stdin where the process has none.
    if not (sys.stdin and sys.stdin.isatty()):
        raise UserError(
            "--key_prompt: there is no terminal to ask on; use --key_file or "
            "--key_env"
        )
    try:
        with warnings.catch_warnings():
            # Better no key than one that is shown while it is typed.
            warnings.simplefilter("error", getpass.GetPassWarning)
            key = getpass.getpass("Key: ")
            if confirm and key and getpass.getpass("Key again: ") != key:
                raise UserError("--key_prompt: the two keys differ")
    except (EOFError, getpass.GetPassWarning):
        raise UserError("--key_prompt: the terminal gave no key") from None
    except UnicodeDecodeError:
        raise UserError("--key_prompt: the key is not UTF-8") from None
    return key


def normal(key):
    """A key in the one form in which keys are compared.

    Args:
        key: str.

    Returns:
        str in the normal form NFC.

    Raises:
        ValueError: if it is empty, cannot be written in UTF-8, or is no str.
    """
    if not isinstance(key, str):
        raise ValueError(f"the key must be a str. Received: {type(key)}")
    if not key:
        raise ValueError("the key is empty")
    try:
        key.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("the key is not UTF-8") from None
    return unicodedata.normalize("NFC", key)


@functools.lru_cache(maxsize=64)
def stretch(key, salt):
    """Makes 32 secret bytes of a key, slowly, against guessing.

    It takes 16 MB and about 80 ms; the last few results are kept.

    Args:
        key: str, as it is spelled; see `normal`.
        salt: bytes; with another one, a list of guesses must be made anew.

    Returns:
        bytes [32]: scrypt, N = 2^14, r = 8, p = 1.
    """
    return hashlib.scrypt(
        key.encode("utf-8"), salt=salt, n=2**14, r=8, p=1, dklen=32
    )
