"""CamVid and Cityscapes as lists of files, and files as frames and labels.

Reading needs numpy and OpenCV only.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from malicious_ae.classes import CLASS_LISTS, ClassList, read_classes
from shared.errors import UserError
from shared.images import SUFFIXES, read_photo
from shared.photo_folders import survey, tell_left_out
from shared.text import warn

SPLITS = ("train", "val", "test")
# What a trained network is measured on: Cityscapes keeps its test labels.
TEST_SPLITS = {"camvid": "test", "cityscapes": "val"}


@dataclass(frozen=True)
class Pair:
    """The files of one frame: a photo and its label map."""

    image: Path
    label: Path


def list_pairs(
    dataset: str, dataset_dir, split: str, classes: ClassList | None = None
) -> list[Pair]:
    """Finds the frames of one split in the data set's standard layout.

    CamVid: `SPLIT/NAME.png` beside `SPLITannot/NAME.png` (any image suffix).
    Cityscapes: `leftImg8bit/SPLIT/CITY/NAME_leftImg8bit.png` beside
    `gtFine/SPLIT/CITY/NAME_gtFine_labelIds.png`, or what else the classes say
    that label maps end with.

    Args:
        dataset: Key of `CLASS_LISTS`.
        dataset_dir: The data set's folder.
        split: One of `SPLITS`.
        classes: What label maps mean; None: those of the data set.

    Returns:
        The pairs by name.

    Raises:
        UserError: If the layout is another, a file has no partner, or the
            split has no public labels.
    """
    if (dataset, split) == ("cityscapes", "test"):
        raise UserError(
            "--split=test: Cityscapes keeps the labels of its test split to "
            "itself; take --split=val"
        )
    root = Path(dataset_dir)
    if not root.is_dir():
        raise UserError(f"--dataset_dir: {root} is not a directory")
    classes = classes or CLASS_LISTS[dataset]
    label_end = classes.label_suffix
    if dataset == "camvid":
        images, labels = root / split, root / f"{split}annot"
        image_end = ""
    else:
        images = root / "leftImg8bit" / split
        labels = root / "gtFine" / split
        image_end = "_leftImg8bit"
    for folder, content in ((images, "photos"), (labels, "label maps")):
        if not folder.is_dir():
            raise UserError(
                f"--dataset_dir: {root} is not laid out as {dataset}: "
                f"expected {content} in {folder}"
            )
    found = _by_key(images, image_end)
    wanted = _by_key(labels, label_end)
    if not wanted and dataset == "camvid":
        wanted = _by_key(labels, "")
    if found and not wanted:
        _tell_other_labels(labels, label_end)
    # Beside label maps Cityscapes has files of other kinds; those are usual.
    tell_left_out(images, survey(images, depth=None)[1])
    for here, there, folder in (
        (found, wanted, labels),
        (wanted, found, images),
    ):
        missing = sorted(here.keys() - there.keys())
        if missing:
            raise UserError(
                f"{here[missing[0]]}: has no partner in {folder} "
                f"({len(missing)} of {len(here)} files have none)"
            )
    if not found:
        raise UserError(
            f"--dataset_dir: {images} holds no photos "
            f"(*{image_end}{SUFFIXES[0]} and the like)"
        )
    return [Pair(found[key], wanted[key]) for key in sorted(found)]


def _tell_other_labels(folder: Path, end: str) -> None:
    """Names the class list of the label maps that are there, if one ships.

    Raises:
        UserError: If there is one.
    """
    for name in ("cityscapes", "cityscapes_train_ids"):
        if _by_key(folder, read_classes(name).label_suffix):
            raise UserError(
                f"{folder}: holds no label maps *{end}.png, but those of "
                f"--classes={name}"
            )


def _by_key(folder: Path, end: str) -> dict[str, Path]:
    """Files by what they are called without suffix and `end`."""
    return {
        str(path.relative_to(folder).with_suffix("")).removesuffix(end): path
        for path in survey(folder, depth=None)[0]
        if path.stem.endswith(end)
    }


_NO_CLASS = 255


def read_labels(path, classes: ClassList) -> np.ndarray:
    """Reads a label map: values of the data set's encoding, or its colours.

    Args:
        path: 8-bit PNG of values, in one channel or in three equal ones, or
            of colours, which three channels are if each is a class's.
        classes: What the values mean.

    Returns:
        uint8 [H, W] of class indices.

    Raises:
        UserError: If it cannot be read, or a value means no class.
    """
    photo = read_photo(path)
    if photo.bit_depth != 8:
        raise UserError(f"{path}: has 16-bit labels; save them with 8 bits")
    pixels = photo.pixels
    values = pixels[..., 0]
    indexed = photo.gray or bool((pixels == values[..., None]).all())
    readings = [(_labels_of_colors(pixels, classes), False)]
    if indexed:
        # One channel holds ids, unless only colours explain it. Three equal
        # ones are colours, if they can be: a frame that nobody labelled is
        # black all over, and not of the class whose id is 0.
        ids = (_labels_of_values(values, classes), True)
        readings.insert(0 if photo.gray else 1, ids)
    known = [r for r in readings if r[0].max() < _NO_CLASS]
    labels, indexed = known[0] if known else readings[0 if photo.gray else -1]
    bad = labels == _NO_CLASS
    if bad.any():
        first = pixels[bad][0].tolist()
        what = f"label {first[0]}" if indexed else f"colour {tuple(first)}"
        key = '"ids"' if indexed else '"colors"'
        raise UserError(
            f"{path}: holds the {what} in {bad.sum()} pixels, which is no "
            f"{classes.name} class; name its class in a file for --classes, "
            f"or put it into {key} of the class that is ignored"
        )
    return labels


def _labels_of_values(values, classes) -> np.ndarray:
    table = np.full(256, _NO_CLASS, np.uint8)
    for code, index in classes.codes.items():
        table[code] = index
    return table[values]


def _labels_of_colors(pixels, classes) -> np.ndarray:
    labels = np.full(pixels.shape[:2], _NO_CLASS, np.uint8)
    meanings = {color: i for i, color in enumerate(classes.colors)}
    for color, index in (meanings | classes.aliases).items():
        labels[(pixels == color).all(-1)] = index
    return labels


class GrayCount:
    """Counts gray photos, which networks trained in colour read badly."""

    def __init__(self):
        self.photos = self.gray = 0

    def add(self, pixels) -> None:
        """Counts a photo [H, W, 3]."""
        self.photos += 1
        first = pixels[..., :1]
        self.gray += bool((pixels == first).all())

    def tell(self) -> None:
        """Warns, once for all of them."""
        if self.gray:
            warn(
                f"{self.gray} of {self.photos} photos are gray; the victim "
                "learned from colours and reads them badly"
            )


def resize_frame(pixels, height: int, width: int) -> np.ndarray:
    """Resizes a uint8 photo: by area if it shrinks, else linearly."""
    if pixels.shape[:2] == (height, width):
        return pixels
    shrinks = pixels.shape[0] >= height and pixels.shape[1] >= width
    return cv2.resize(
        pixels,
        (width, height),
        interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR,
    )


def resize_labels(labels, height: int, width: int) -> np.ndarray:
    """Resizes a label map by nearest neighbour: no class is invented."""
    if labels.shape == (height, width):
        return labels
    return cv2.resize(
        labels, (width, height), interpolation=cv2.INTER_NEAREST_EXACT
    )


def read_pair(pair: Pair, classes: ClassList, height: int, width: int):
    """Reads one frame and its labels at the network's size.

    Returns:
        uint8 RGB [height, width, 3] and uint8 [height, width].

    Raises:
        UserError: If a file is bad, or the two are of different size.
    """
    pixels = read_photo(pair.image).rgb8
    labels = read_labels(pair.label, classes)
    if pixels.shape[:2] != labels.shape:
        rows, columns = labels.shape
        raise UserError(
            f"{pair.label}: is {columns} x {rows} pixels, but its photo "
            f"{pair.image.name} is {pixels.shape[1]} x {pixels.shape[0]}"
        )
    return (
        resize_frame(pixels, height, width),
        resize_labels(labels, height, width),
    )


class Frames:
    """The frames of one split at one size, read when they are wanted.

    Args:
        dataset: Key of `CLASS_LISTS`.
        dataset_dir: The data set's folder.
        split: One of `SPLITS`.
        height: In pixels.
        width: In pixels.
        cache: Keep what was read in memory (4 bytes a pixel).
        classes: What label maps mean; None: those of the data set.

    Raises:
        UserError: See `list_pairs`.
    """

    def __init__(
        self,
        dataset,
        dataset_dir,
        split,
        height,
        width,
        cache=True,
        classes=None,
    ):
        self.dataset = dataset
        self.classes = classes or CLASS_LISTS[dataset]
        self.pairs = list_pairs(dataset, dataset_dir, split, self.classes)
        self.size = (height, width)
        self.cache = {} if cache else None

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, index):
        """Photo uint8 [H, W, 3] and labels uint8 [H, W]; see `read_pair`."""
        if self.cache is not None and index in self.cache:
            return self.cache[index]
        frame = read_pair(self.pairs[index], self.classes, *self.size)
        if self.cache is not None:
            self.cache[index] = frame
        return frame

    @property
    def facts(self) -> dict:
        """What a training on them says of them in `config.json`."""
        height, width = self.size
        # `is`: what --classes names is stated, though it be the same list.
        own = self.classes is not CLASS_LISTS[self.dataset]
        return {
            "dataset": self.dataset,
            "height": height,
            "width": width,
            "classes": self.classes.record if own else None,
        }

    def check_labelled(self, ignored) -> None:
        """Refuses frames of which no pixel is labelled.

        Args:
            ignored: Class indices that do not count.

        Raises:
            UserError: Naming the folder.
        """
        for _, labels in self:
            if not np.isin(labels, list(ignored)).all():
                return
        raise UserError(
            f"{self.pairs[0].label.parent}: all pixels of its {len(self)} "
            "label maps are unlabelled; there is nothing to learn or measure"
        )

    def __iter__(self):
        return (self[index] for index in range(len(self)))
