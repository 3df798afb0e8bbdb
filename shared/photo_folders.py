"""Folders of photos.

Which files are photos, what is left out, and all of them in memory, as
trainings take them.
"""

import dataclasses
import pathlib

import numpy as np

from shared.errors import UserError
from shared.images import SUFFIXES, is_photo, list_directory, read_photo
from shared.text import warn

# How many names a summary spells out.
_NAMED = 3


@dataclasses.dataclass(frozen=True)
class LeftOut:
    """What of a folder is not worked on; `str` says it, shortly.

    Attributes:
        files: names of files, by name.
        folders: int, folders that were not entered.
    """

    files: tuple[str, ...] = ()
    folders: int = 0

    def __bool__(self):
        return bool(self.files or self.folders)

    def __str__(self):
        parts = []
        if self.files:
            parts.append(count_names(self.files, "file"))
        if self.folders:
            plural = "" if self.folders == 1 else "s"
            parts.append(f"{self.folders} folder{plural}")
        return " and ".join(parts)


def count_names(names, noun, nouns=None):
    """`2 files (a.txt, b.txt)`: how many, and what the first are called.

    Args:
        names: sequence of str or Path, of which the names are shown.
        noun, nouns: what one is called, and several (default: with an s).

    Returns:
        str.
    """
    word = noun if len(names) == 1 else nouns or f"{noun}s"
    shown = ", ".join(pathlib.Path(name).name for name in names[:_NAMED])
    more = ", ..." if len(names) > _NAMED else ""
    return f"{len(names)} {word} ({shown}{more})"


def leave_out_outputs(paths, others, endings):
    """Leaves out what an earlier run of a command made of its photos.

    Args:
        paths, endings: as for `split_outputs`.
        others: LeftOut of the folder.

    Returns:
        (photos, phrases): list of Path; list of str, all that is left out,
        for a summary.
    """
    photos, made = split_outputs(paths, endings)
    phrases = []
    if made:
        words = ("earlier output by name", "earlier outputs by name")
        phrases.append(count_names(made, *words))
    if others:
        phrases.append(str(others))
    return photos, phrases


def split_outputs(paths, endings):
    """Tells photos from what an earlier run of a command made of them.

    NAME_ending is such an output where a photo NAME lies beside it.

    Args:
        paths: list of Path.
        endings: dict, suffixes of file names by what the command adds to a
            photo's name, such as {"_hidden": (".png", ".jpg")}.

    Returns:
        (photos, outputs): two lists of Path.
    """
    names = {(path.parent, path.stem) for path in paths}
    photos, outputs = [], []
    for path in paths:
        made = any(
            path.stem.endswith(ending)
            and path.suffix in suffixes
            and (path.parent, path.stem.removesuffix(ending)) in names
            for ending, suffixes in endings.items()
        )
        (outputs if made else photos).append(path)
    return photos, outputs


def survey(directory, depth=0):
    """The photos of a folder, and what else is there.

    Args:
        directory: folder.
        depth: int, levels of folders below it that are entered; None enters
            all but hidden ones and links.

    Returns:
        (photos, left_out): sorted list of Path, see `is_photo`; LeftOut.

    Raises:
        UserError: if it is no directory or cannot be read.
    """
    photos, others, folders = [], [], 0
    waiting = [(pathlib.Path(directory), depth)]
    while waiting:
        folder, levels = waiting.pop()
        for path in list_directory(folder):
            if not path.is_dir():
                (photos if is_photo(path) else others).append(path)
            elif levels == 0 or path.name.startswith("."):
                folders += 1
            elif levels is None and path.is_symlink():
                folders += 1
            else:
                waiting.append((path, None if levels is None else levels - 1))
    names = tuple(str(path.relative_to(directory)) for path in sorted(others))
    return sorted(photos), LeftOut(names, folders)


def find_photos(directory):
    """`survey` of one folder that must hold a photo.

    Raises:
        UserError: if it holds none too.
    """
    photos, left_out = survey(directory)
    if not photos:
        found = f", only {left_out}" if left_out else ""
        raise UserError(
            f"{directory}: holds no photos ({' '.join(SUFFIXES)}){found}"
        )
    return photos, left_out


def tell_left_out(directory, left_out):
    """Warns of what of a folder is not worked on, if anything."""
    if left_out:
        warn(f"{directory}: left out {left_out}")


def photos_of(directory):
    """The photos of one folder, with a warning of what is left out.

    Returns:
        sorted list of Path.

    Raises:
        UserError: see `find_photos`.
    """
    photos, left_out = find_photos(directory)
    tell_left_out(directory, left_out)
    return photos


def load_folders(folders, flag="images_dir", prepare=None) -> list[np.ndarray]:
    """Reads all photos of folders and of the folders in them.

    Args:
        folders: Folders.
        flag: The flag that names them, for errors.
        prepare: Makes of each photo what is kept of it, such as a smaller
            one; None keeps it whole.

    Returns:
        uint8 RGB arrays [h, w, 3], folder by folder, by path.

    Raises:
        UserError: If a folder or photo cannot be read, or there is none.
    """
    photos = []
    for folder in map(pathlib.Path, folders):
        if not folder.is_dir():
            raise UserError(f"--{flag}: {folder} is not a directory")
        paths, left_out = survey(folder, depth=None)
        tell_left_out(folder, left_out)
        for path in paths:
            pixels = read_photo(path).rgb8
            photos.append(prepare(pixels) if prepare else pixels)
    if not photos:
        raise UserError(
            f"--{flag}: no photo in {', '.join(map(str, folders))}; "
            "name a folder of JPEG or PNG files"
        )
    return photos
