"""Image sets as arrays of bytes, from files or from TensorFlow Datasets."""

import dataclasses
from pathlib import Path

import numpy as np

from dcgan.array_files import read_idx, read_npz
from shared.errors import UserError
from shared.images import SUFFIXES, read_photo, resize_area
from shared.photo_folders import survey, tell_left_out

# A label is kept in 8 bits.
MOST_CLASSES = 256
_IDX_NAMES = {"train": "train", "test": "t10k"}


@dataclasses.dataclass(frozen=True)
class ImageSet:
    """Images of one size.

    Attributes:
        pixels: uint8 [N, H, W, C], C 1 (gray) or 3 (RGB).
        labels: uint8 [N] classes, or None.
        class_names: Names of the classes, by label.
    """

    pixels: np.ndarray
    labels: np.ndarray | None = None
    class_names: tuple[str, ...] = ()

    def __len__(self):
        return len(self.pixels)

    def take(self, index):
        """The images that a slice or an index array picks."""
        labels = None if self.labels is None else self.labels[index]
        return ImageSet(self.pixels[index], labels, self.class_names)

    @property
    def class_entropy(self) -> float | None:
        """Entropy of the classes that occur, in nats; None without labels."""
        if self.labels is None:
            return None
        counts = np.bincount(self.labels)
        shares = counts[counts > 0] / len(self.labels)
        return float(-np.sum(shares * np.log(shares)))


def first_images(images: ImageSet, count: int):
    """Which images to take of a set of which not all are wanted.

    Args:
        images: The set. That of a folder is sorted by class, so as many are
            taken of each.
        count: How many, about.

    Returns:
        A slice or an index array for `ImageSet.take`.
    """
    if images.labels is None or len(images) <= count:
        return slice(count)
    if not (np.diff(images.labels.astype(int)) >= 0).all():
        return slice(count)
    # The first of each class, then the second of each.
    turn = np.concatenate(
        [np.arange(n) for n in np.bincount(images.labels) if n]
    )
    return np.sort(np.argsort(turn, kind="stable")[:count])


def read_photos(record, path, split, channels, crop_size, mixed_sizes, classes):
    """Reads a folder of image files, subfolders included.

    The middle square of each is resized to the set's size. With `classes` the
    folder holds one folder a class, whose name is the class's.

    Args:
        record: `dcgan.datasets.DataSet`.
        path: The folder.
        split: Is not looked at: one folder of images has no test part.
        channels, crop_size, mixed_sizes, classes: See
            `dcgan.datasets.load_images`.

    Returns:
        ImageSet.
    """
    if not path.is_dir():
        raise UserError(f"--data_dir: {path}: is no folder of images")
    labels, names = None, ()
    if classes:
        files, labels, names = list_class_folders(path)
    else:
        files = _image_files(path)
    pixels = _read_files(files, record.channels or channels, mixed_sizes)
    pixels = [to_square(p, crop_size, record.size) for p in pixels]
    return ImageSet(np.stack(pixels), labels, names)


def list_class_folders(folder):
    """The images of a folder with a folder a class.

    Args:
        folder: Path. If all it holds is `train`, or that and `test`, the
            classes are those of `train`.

    Returns:
        (files, labels, names): list of Path; uint8 [N], the places of their
        folders by name; the folders' names.

    Raises:
        UserError: naming what is not as it should be.
    """

    def folders(path):
        found = (p for p in path.iterdir() if not p.name.startswith("."))
        return sorted(p for p in found if p.is_dir())

    root = Path(folder)
    parts = folders(root)
    if parts and {p.name for p in parts} <= {"train", "test"}:
        root = root / "train"
        parts = folders(root) if root.is_dir() else []
    if not 2 <= len(parts) <= MOST_CLASSES:
        raise UserError(
            f"{root}: holds {len(parts)} class folders, where 2 to "
            f"{MOST_CLASSES} are wanted: one for each class, named after it; "
            "--noconditional learns images without classes"
        )
    stray, _ = survey(root)
    if stray:
        raise UserError(
            f"{stray[0]}: lies beside the class folders; move it into one "
            f"({len(stray)} images do)"
        )
    files = [_image_files(part) for part in parts]
    labels = np.repeat(np.arange(len(parts)), [len(f) for f in files])
    names = tuple(part.name for part in parts)
    return [f for fs in files for f in fs], labels.astype(np.uint8), names


def read_labelled(record, path, split, *_):
    """Reads images of one size that say their classes.

    An npz file (x_train, y_train, x_test, y_test), the four IDX files, or
    folders of PNGs, `0`, `1`, ..., below `train` and `test` or not.

    Args:
        record: `dcgan.datasets.DataSet`.
        path: File or folder.
        split: `train` or `test`.

    Returns:
        ImageSet.
    """
    if path.is_dir():
        idx = _idx_files(path, split)
        named = path / f"{record.name}.npz"
        if idx:
            pixels, labels = map(read_idx, idx)
            path = idx[0]
        elif named.exists():
            return read_labelled(record, named, split)
        else:
            return _read_numbered_folders(record, path, split)
    else:
        pixels, labels = read_npz(path, (f"x_{split}", f"y_{split}"))
    if pixels.ndim == 3:
        pixels = pixels[..., None]
    if pixels.shape[1:] != record.shape:
        raise UserError(
            f"{path}: holds images of shape {pixels.shape[1:]}, not "
            f"{record.describe_size()}; use --dataset=folder for others"
        )
    # Some sets keep labels as a column.
    labels = labels.reshape(-1) if labels.shape[1:] == (1,) else labels
    if labels.shape != pixels.shape[:1] or not len(labels):
        raise UserError(
            f"{path}: {len(pixels)} images and {labels.shape} labels do not "
            "fit together"
        )
    names = record.class_names
    if labels.max() >= len(names):
        raise UserError(
            f"{path}: label {labels.max()} is none of 0 to {len(names) - 1}"
        )
    return ImageSet(pixels, labels, names)


def _idx_files(folder, split):
    """The images' and the labels' IDX files, or None."""
    found = []
    for kind in ("images-idx3", "labels-idx1"):
        stem = f"{_IDX_NAMES[split]}-{kind}"
        for name in (f"{stem}-ubyte", f"{stem}-ubyte.gz"):
            if (folder / name).is_file():
                found.append(folder / name)
                break
    if len(found) == 1:
        raise UserError(f"{folder}: {found[0].name} has no partner file")
    return found or None


def _read_numbered_folders(record, folder, split):
    root = folder / split if (folder / split).is_dir() else folder
    if root == folder and split == "test":
        raise UserError(f"{folder}: has no test part (a folder `test`)")
    names = record.class_names
    classes = [root / str(label) for label in range(len(names))]
    if not all(c.is_dir() for c in classes):
        raise UserError(
            f"{folder}: holds no npz, no IDX files, and not the class folders "
            f"{classes[0]} to {len(names) - 1}; for classes of your own use "
            "--dataset=folder"
        )
    files = [_image_files(c) for c in classes]
    labels = np.repeat(np.arange(len(names)), [len(f) for f in files])
    images = _read_files(
        [f for fs in files for f in fs], record.channels, False
    )
    if images[0].shape[:2] != record.shape[:2]:
        height, width = images[0].shape[:2]
        raise UserError(
            f"{files[0][0]}: is {width} x {height} pixels, not {record.size} x "
            f"{record.size}; use --dataset=folder for others"
        )
    return ImageSet(np.stack(images), labels.astype(np.uint8), names)


def _image_files(folder):
    files, left_out = survey(folder, depth=None)
    tell_left_out(folder, left_out)
    if not files:
        raise UserError(f"{folder}: holds no images ({' '.join(SUFFIXES)})")
    return files


def _read_files(files, channels, mixed_sizes):
    """uint8 [H, W, channels] arrays, each file checked against the first."""
    images = []
    for file in files:
        photo = read_photo(file)
        if photo.gray != (channels == 1):
            raise UserError(
                f"{file}: is {'gray' if photo.gray else 'in colour'}, where "
                f"{channels} channel{'s are' if channels > 1 else ' is'} "
                "expected (--channels)"
            )
        pixels = photo.rgb8
        images.append(pixels[..., :channels])
        first = images[0].shape
        if pixels.shape[:2] != first[:2] and not mixed_sizes:
            height, width = pixels.shape[:2]
            raise UserError(
                f"{file}: is {width} x {height} pixels, while {files[0]} is "
                f"{first[1]} x {first[0]}; --mixed_sizes takes the middle "
                "square of each"
            )
    return images


def to_square(pixels, crop_size, size):
    """The middle square of an image, resized to uint8 [size, size, C]."""
    height, width = pixels.shape[:2]
    side = min(height, width, crop_size or height)
    top, left = (height - side) // 2, (width - side) // 2
    middle = pixels[top : top + side, left : left + side]
    resized = resize_area(middle, size, size)
    return np.clip(np.rint(resized), 0, 255).astype(np.uint8)


def fetch(record, split, crop_size):
    """A data set through TensorFlow Datasets, which keeps it on disk."""
    try:
        import tensorflow_datasets as tfds
    except ImportError:
        raise UserError(
            "--data_dir is missing, and tensorflow-datasets, which would "
            "fetch the set, is not installed"
        ) from None
    try:
        source = tfds.as_numpy(tfds.load(record.tfds_name, split=split))
    except Exception as error:
        # Its downloader raises whatever its network libraries do.
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise UserError(
            f"--dataset={record.name}: cannot be fetched ({reason[0][:120]}); "
            "give --data_dir"
        ) from error
    pixels, labels = [], []
    for example in source:
        image = example["image"]
        if image.shape != record.shape:
            image = to_square(image, crop_size, record.size)
        pixels.append(image)
        labels.append(example.get("label"))
    labels = None if labels[0] is None else np.array(labels, np.uint8)
    return ImageSet(np.stack(pixels), labels, record.class_names)
