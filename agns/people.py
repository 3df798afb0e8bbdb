"""Aligned photos of people: which there are, and which are held out."""

import dataclasses
import os
import zlib
from pathlib import Path

import cv2
import numpy as np

from agns.align import CANONICAL_SIZE
from shared.errors import UserError
from shared.images import read_photo
from shared.photo_folders import photos_of


@dataclasses.dataclass(frozen=True)
class Person:
    """One person's photos.

    Attributes:
        name: The folder's name.
        train: Files to learn from, or to make an attack with.
        test: Files held out: accuracy and attacks are measured on these.
    """

    name: str
    train: tuple[Path, ...]
    test: tuple[Path, ...]


def find_people(images_dir, count=0, test_share=0.2, names=()):
    """Lists the people of a folder and divides each one's photos.

    The division depends on the person's name and files only, so that it is
    the same whichever other people are chosen.

    Args:
        images_dir: Folder with one folder of aligned photos a person, as
            `agns.align` writes it.
        count: Keep so many people, those with the most photos; 0 keeps all.
        test_share: Share of each one's photos to hold out, at least one.
        names: Keep these people in this order, instead of `count`.

    Returns:
        list of Person, by name unless `names` says otherwise.

    Raises:
        UserError: if there are fewer than two people, one has a single photo,
            or a name is not there.
    """
    images_dir = Path(images_dir)
    if not images_dir.is_dir():
        raise UserError(f"--images_dir: {images_dir}: no such directory")
    folders = sorted(p for p in images_dir.iterdir() if p.is_dir())
    if names:
        here = {folder.name: folder for folder in folders}
        missing = [name for name in names if name not in here]
        if missing:
            raise UserError(
                f"--images_dir: {images_dir}: has no folder {missing[0]}"
            )
        folders = [here[name] for name in names]
    if len(folders) < 2:
        raise UserError(
            f"--images_dir: {images_dir}: holds {len(folders)} folders of "
            "people where at least two are needed; align photos with "
            "python -m agns.align"
        )
    photos = {folder: photos_of(folder) for folder in folders}
    if count and not names:
        if count > len(folders):
            raise UserError(
                f"--people: {count} are wanted, {images_dir} has {len(folders)}"
            )
        most = sorted(folders, key=lambda folder: -len(photos[folder]))
        folders = sorted(most[:count])
    return [_divide(folder, photos[folder], test_share) for folder in folders]


def read_person(folder, test_share=0.2):
    """One person's photos, divided as in `find_people`.

    Raises:
        UserError: if there is no such folder, or it holds a single photo.
    """
    folder = Path(folder)
    return _divide(folder, photos_of(folder), test_share)


def _divide(folder, photos, test_share):
    if len(photos) < 2:
        raise UserError(
            f"{folder}: holds one photo; at least two are needed, one of them "
            "held out"
        )
    order = np.random.default_rng(zlib.crc32(os.fsencode(folder.name)))
    shuffled = [photos[i] for i in order.permutation(len(photos))]
    held_out = max(1, round(test_share * len(photos)))
    return Person(
        folder.name,
        tuple(sorted(shuffled[held_out:])),
        tuple(sorted(shuffled[:held_out])),
    )


def load_faces(paths, size=CANONICAL_SIZE, exact=False):
    """Reads aligned faces.

    Args:
        paths: Photo files, each a square face.
        size: Side in pixels that they are brought to.
        exact: Whether another size is refused, because glasses would not lie
            on the eyes.

    Returns:
        uint8 [N, size, size, 3] RGB.

    Raises:
        UserError: if one cannot be read, is not square, or has another size
            where that is refused.
    """
    return np.stack(
        [as_face(read_photo(path), path, size, exact) for path in paths]
    )


def as_face(photo, path, size=CANONICAL_SIZE, exact=False):
    """An aligned face out of a photo; see `load_faces`.

    Returns:
        uint8 [size, size, 3] RGB.
    """
    pixels = photo.rgb8
    square = pixels.shape[0] == pixels.shape[1]
    if not square or (exact and len(pixels) != size):
        wanted = f"{size} x {size} pixels" if exact else "square"
        raise UserError(
            f"{path}: is {pixels.shape[1]} x {pixels.shape[0]} pixels, an "
            f"aligned face is {wanted}; align it with python -m agns.align"
        )
    if len(pixels) == size:
        return pixels
    return cv2.resize(pixels, (size, size), interpolation=cv2.INTER_LINEAR)


def to_input(faces, size, low):
    """Faces as a recogniser takes them, by the resize of `Resizer`.

    Args:
        faces: [N, H, W, 3] uint8, or float32 in [0, 1].
        size: int, side in pixels.
        low: Least value of the range, up to 1.

    Returns:
        float32 [N, size, size, 3] in [low, 1].
    """
    if faces.dtype == np.uint8:
        faces = faces.astype(np.float32) / 255.0
    if faces.shape[1:3] != (size, size):
        faces = np.stack(
            [
                cv2.resize(face, (size, size), interpolation=cv2.INTER_LINEAR)
                for face in faces
            ]
        )
    return faces * np.float32(1.0 - low) + np.float32(low)
