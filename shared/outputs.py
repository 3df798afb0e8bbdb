"""Files that a command writes: whole, all of them or none, nobody's else lost.

What a person has is never replaced unless --overwrite says so, and what a
command was given to read is not replaced at all: it is the only original.
"""

import contextlib
import functools
import json
import os
import secrets
import shutil
import unicodedata
from pathlib import Path

from absl import flags

from shared.errors import UserError


def define_flags(values=flags.FLAGS):
    """Defines --overwrite."""
    flags.DEFINE_bool(
        "overwrite",
        False,
        "Replace files that are already there. What is read is never replaced.",
        flag_values=values,
    )


def define_save_dir(text, earlier=None, values=flags.FLAGS, default=None):
    """Defines --save_dir, the folder that a command writes to.

    Args:
        text: What is written there.
        earlier: Name that this flag had, which goes on to work.
        values: FlagValues.
        default: Folder where none is named.
    """
    flags.DEFINE_string("save_dir", default, text, flag_values=values)
    if earlier:
        flags.DEFINE_alias(earlier, "save_dir", flag_values=values)


def _exists(path):
    return UserError(
        f"{path}: exists; name another, or --overwrite replaces it"
    )


def _identities(paths):
    """What tells files apart under any name: a link, another case."""
    found = set()
    for path in paths:
        with contextlib.suppress(OSError):
            status = os.stat(path)
            found.add((status.st_dev, status.st_ino))
    return found


def refuse_existing(path, overwrite=False, inputs=()):
    """Checks that a file may be written, before work is spent on it.

    Args:
        path: file to write, or folder of a SavedModel.
        overwrite: bool, whether one that is there may be replaced.
        inputs: files that are read. None may be replaced, whatever
            `overwrite` says: a stamp or a message cannot be taken out again,
            and a failure would cost the original.

    Raises:
        UserError: naming the file.
    """
    if os.path.lexists(path):
        _refuse(Path(path), overwrite, _identities(inputs))


def _refuse(path, overwrite, read):
    if _identities([path]) & read:
        raise UserError(
            f"{path}: is a file that is read, which is never replaced; name "
            "another"
        )
    if not overwrite:
        raise _exists(path)
    # A link to nowhere is replaced as a file is.
    known = path.is_file() or (path / "saved_model.pb").is_file()
    if path.exists() and not known:
        raise UserError(f"{path}: is nothing that can be replaced")


def refuse_any(paths, overwrite=False, inputs=()):
    """`refuse_existing` for all files of a result, before the first is made."""
    for path in paths:
        refuse_existing(path, overwrite, inputs)


def _is_report(path, command):
    """Whether a report.json is one that a command wrote."""
    try:
        recipe = json.loads(path.read_text("utf-8"))["recipe"]
        return f"-m {command}" in recipe["command"]
    except (OSError, ValueError, LookupError, TypeError):
        return False


def check_report_dir(folder, names, command):
    """Refuses a folder with files of others that a report would replace.

    A folder with a report.json of the same command is an earlier report's,
    which a new one replaces.

    Args:
        folder: where the report goes.
        names: of the files that it writes besides report.json.
        command: str, module that writes it; its report.json tells so as
            "command" of its "recipe".

    Raises:
        UserError: naming the first that is there.
    """
    folder = Path(folder)
    if _is_report(folder / "report.json", command):
        return
    for name in ("report.json", *names):
        if os.path.lexists(folder / name):
            raise UserError(
                f"{folder / name}: exists, and {folder} holds no report of "
                f"{command}; name another --save_dir"
            )


class Outputs:
    """The files that one run writes: `refuse_existing`, and no two of a name.

    Names that differ in the case of letters or in how an accent is stored
    are one name on the disks of many computers, and are taken for one here.

    Args:
        overwrite, inputs: as for `refuse_existing`.
    """

    def __init__(self, overwrite=False, inputs=()):
        self.overwrite = overwrite
        self._inputs = [*inputs]
        self._sources = {}

    @functools.cached_property
    def _read(self):
        return _identities(self._inputs)

    def reserve(self, path, source):
        """Keeps a name for what is made of `source`.

        Raises:
            UserError: naming the source, if another one has the name.
        """
        name = unicodedata.normalize("NFC", str(path)).casefold()
        other = self._sources.setdefault(name, source)
        if other != source:
            raise UserError(
                f"{source}: {path} is already that of {other.name}; rename one"
            )

    def check(self, path):
        """`refuse_existing` for this run.

        Raises:
            UserError: naming the file.
        """
        if os.path.lexists(path):
            _refuse(Path(path), self.overwrite, self._read)

    def claim(self, path, source):
        """`reserve` and `check`."""
        self.reserve(path, source)
        self.check(path)


def _beside(path, ending):
    """A name in the same folder that nobody else has."""
    path = Path(path)
    return path.with_name(f".{path.name[:40]}.{secrets.token_hex(8)}.{ending}")


def _write_part(path, data):
    """Writes a new file; the kernel applies the umask, as for any other."""
    with open(path, "xb") as file:
        file.write(data)


def _put(part, path, overwrite):
    """Renames a file, without replacing another unless `overwrite`.

    Raises:
        FileExistsError: if there is one.
    """
    if overwrite:
        os.replace(part, path)
        return
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:
        # Disks without hard links (FAT): the name is taken first.
        with open(path, "xb"):
            pass
        os.replace(part, path)


def write_files(contents, overwrite=False):
    """Writes files: each completely, and all of them or none.

    The bytes go to temporary names beside the files, which get their names
    when all are there. If one cannot get its name the others lose theirs
    again, and what they replaced comes back.

    Args:
        contents: dict, bytes by path.
        overwrite: bool, whether files that are there are replaced.

    Raises:
        UserError: naming the file, if it exists, or cannot be written (no
            such directory, no permission, disk full).
    """
    path = None
    with contextlib.ExitStack() as leftovers:
        try:
            parts = {}
            for path, data in contents.items():
                parts[path] = _beside(path, "part")
                leftovers.callback(parts[path].unlink, missing_ok=True)
                _write_part(parts[path], data)
            with contextlib.ExitStack() as undo:
                for path, part in parts.items():
                    kept = None
                    if overwrite and len(parts) > 1 and os.path.exists(path):
                        kept = _beside(path, "old")
                        leftovers.callback(kept.unlink, missing_ok=True)
                        shutil.copy2(path, kept)
                    _put(part, path, overwrite)
                    undo.callback(_take_back, path, kept)
                undo.pop_all()
        except FileExistsError as error:
            raise _exists(path) from error
        except OSError as error:
            raise UserError(
                f"{path}: cannot be written: {error.strerror}"
            ) from error


@contextlib.contextmanager
def file_in_making(path, overwrite=False):
    """A file that something else writes, piece by piece.

    Args:
        path: file that comes about when the `with` block ends well; nothing
            is left if it does not.
        overwrite: bool, whether a file that is there is replaced.

    Yields:
        Path of a temporary file in the same folder, to be written.

    Raises:
        UserError: naming the file, if it exists, or cannot be written.
    """
    refuse_existing(path, overwrite)
    part = _beside(path, "part")
    try:
        yield part
        _put(part, path, overwrite)
    except FileExistsError as error:
        raise _exists(path) from error
    except OSError as error:
        raise UserError(
            f"{path}: cannot be written: {error.strerror}"
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _take_back(path, kept):
    if kept:
        os.replace(kept, path)
    else:
        os.unlink(path)
