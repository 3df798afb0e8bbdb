"""Folders of photos in memory, as trainings take them."""

import pathlib

import numpy as np

from shared.errors import UserError
from shared.images import SUFFIXES, read_photo


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
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() not in SUFFIXES:
                continue
            pixels = read_photo(path).pixels
            if pixels.dtype == np.uint16:
                pixels = (pixels >> 8).astype(np.uint8)
            photos.append(prepare(pixels) if prepare else pixels)
    if not photos:
        raise UserError(
            f"--{flag}: no photo in {', '.join(map(str, folders))}; "
            "name a folder of JPEG or PNG files"
        )
    return photos
