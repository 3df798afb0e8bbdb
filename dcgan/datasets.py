"""The data sets: what there is to know of each, once."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

from dcgan.data import ImageSet, fetch, read_labelled, read_photos
from shared.errors import UserError, check_choice

SPLITS = ("train", "test")


@dataclasses.dataclass(frozen=True)
class DataSet:
    """A data set.

    Attributes:
        name: What `--dataset` calls it.
        size: Side in pixels at which it is learned.
        channels: 1 (gray) or 3; None if whoever has it says so.
        read: Function of (this record, a Path that exists, split, channels,
            crop size, whether sizes are mixed, whether classes are wanted),
            returning an ImageSet.
        class_names: Names of its classes, by label; none if it has no classes
            of its own.
        has_test: Whether it has a test part.
        any_classes: Whether its classes are those that its owner gives it.
        tfds_name: What TensorFlow Datasets calls it; None if it cannot be
            fetched.
    """

    name: str
    size: int
    channels: int | None
    read: Callable
    class_names: tuple[str, ...] = ()
    has_test: bool = False
    any_classes: bool = False
    tfds_name: str | None = None

    @property
    def shape(self) -> tuple[int, int, int | None]:
        """Of one image: height, width, channels."""
        return (self.size, self.size, self.channels)

    def describe_size(self) -> str:
        """Such as `28 x 28 gray`."""
        kind = {1: "gray", 3: "in colour"}.get(self.channels, "pixels")
        return f"{self.size} x {self.size} {kind}"


_FASHION = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
_CIFAR10 = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)

DATASETS = {
    record.name: record
    for record in (
        DataSet(
            "mnist",
            28,
            1,
            read_labelled,
            tuple("0123456789"),
            has_test=True,
            tfds_name="mnist",
        ),
        DataSet(
            "fashion_mnist",
            28,
            1,
            read_labelled,
            _FASHION,
            has_test=True,
            tfds_name="fashion_mnist",
        ),
        DataSet(
            "cifar10",
            32,
            3,
            read_labelled,
            _CIFAR10,
            has_test=True,
            tfds_name="cifar10",
        ),
        DataSet("celeba", 64, 3, read_photos, tfds_name="celeb_a"),
        DataSet("folder", 64, None, read_photos, any_classes=True),
    )
}


def load_images(
    dataset: str,
    data_dir=None,
    split: str = "train",
    channels: int = 3,
    crop_size: int = 0,
    mixed_sizes: bool = False,
    class_folders: bool = False,
) -> ImageSet:
    """Reads a data set.

    Without `data_dir` the set is fetched through TensorFlow Datasets.

    Args:
        dataset: A key of `DATASETS`.
        data_dir: File or folder; None fetches the set.
        split: `train` or `test`; one folder of images has no test part.
        channels: 1 or 3, of a `folder`.
        crop_size: Side in pixels of the middle square that is taken of photos
            before they are resized; 0 means the shorter side.
        mixed_sizes: Whether a folder may hold images of several sizes.
        class_folders: Whether a `folder` holds one folder a class, whose name
            is the class's, in which case it must.

    Returns:
        ImageSet, in the order of the files.

    Raises:
        UserError: naming the file or folder that cannot be used.
        ValueError: If `dataset` or `split` is unknown.
    """
    check_choice("dataset", dataset, DATASETS)
    check_choice("split", split, SPLITS)
    record = DATASETS[dataset]
    if data_dir is None:
        if record.tfds_name is None:
            raise UserError(f"--data_dir is missing: the images of {dataset}")
        return fetch(record, split, crop_size)
    path = Path(data_dir)
    if not path.exists():
        raise UserError(f"--data_dir: {path}: no such file or folder")
    return record.read(
        record, path, split, channels, crop_size, mixed_sizes, class_folders
    )
