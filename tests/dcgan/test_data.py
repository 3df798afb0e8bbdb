"""The same set by npz, IDX and PNG folders; every bad folder is named."""

import gzip
import sys

import cv2
import numpy as np
import pytest

from dcgan.data import ImageSet, first_images
from dcgan.datasets import load_images
from shared.errors import UserError
from tests.dcgan.test_array_files import idx_bytes

CLASSES = 10


@pytest.fixture
def digits():
    rng = np.random.default_rng(0)
    return {
        "x_train": rng.integers(0, 256, (20, 28, 28), np.uint8),
        "y_train": np.repeat(np.arange(10), 2).astype(np.uint8),
        "x_test": rng.integers(0, 256, (10, 28, 28), np.uint8),
        "y_test": np.arange(10, dtype=np.uint8),
    }


def write_npz(folder, digits):
    np.savez(folder / "mnist.npz", **digits)
    return folder / "mnist.npz"


def write_npz_in_a_folder(folder, digits):
    return write_npz(folder, digits).parent


def write_idx(folder, digits):
    for split, prefix in (("train", "train"), ("test", "t10k")):
        for key, name in (("x", "images-idx3"), ("y", "labels-idx1")):
            data = idx_bytes(digits[f"{key}_{split}"])
            path = folder / f"{prefix}-{name}-ubyte"
            if split == "train":
                path.write_bytes(data)
            else:
                path.with_name(path.name + ".gz").write_bytes(
                    gzip.compress(data)
                )
    return folder


def write_folders(folder, digits):
    for split in ("train", "test"):
        for number, (image, label) in enumerate(
            zip(digits[f"x_{split}"], digits[f"y_{split}"], strict=True)
        ):
            path = folder / split / str(label)
            path.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path / f"{number:05}.png"), image)
    return folder


@pytest.mark.parametrize(
    "write", [write_npz, write_npz_in_a_folder, write_idx, write_folders]
)
@pytest.mark.parametrize("split", ["train", "test"])
def test_a_set_is_the_same_in_every_form(tmp_path, digits, write, split):
    found = load_images("mnist", write(tmp_path, digits), split)
    np.testing.assert_array_equal(found.pixels[..., 0], digits[f"x_{split}"])
    np.testing.assert_array_equal(found.labels, digits[f"y_{split}"])
    few = found.take(slice(3))
    assert len(few) == len(few.labels) == 3


def write_photos(folder, sizes, gray=False):
    rng = np.random.default_rng(3)
    for number, (height, width) in enumerate(sizes):
        shape = (height, width) if gray else (height, width, 3)
        path = folder / f"person{number % 2}" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), rng.integers(0, 256, shape, np.uint8))
    return folder


def test_a_folder_gives_middle_squares_of_64_pixels(tmp_path):
    photo = np.zeros((100, 160, 3), np.uint8)
    photo[18:82, 48:112] = (10, 90, 200)  # the middle, in OpenCV's order
    cv2.imwrite(str(tmp_path / "a.png"), photo)
    (whole,) = load_images("folder", tmp_path).pixels
    assert whole.shape == (64, 64, 3) and whole[0, 0].tolist() == [0, 0, 0]
    (middle,) = load_images("celeba", tmp_path, crop_size=64).pixels
    assert (middle == [200, 90, 10]).all()


def test_subfolders_count_and_several_sizes_are_allowed_on_demand(tmp_path):
    write_photos(tmp_path, [(70, 80), (80, 70), (90, 70)])
    with pytest.raises(UserError, match="70 x 90 pixels, while .* is 80 x 70"):
        load_images("folder", tmp_path)
    images = load_images("folder", tmp_path, mixed_sizes=True)
    assert images.pixels.shape == (3, 64, 64, 3) and images.labels is None


def test_the_wrong_number_of_channels_is_named(tmp_path, digits):
    write_photos(tmp_path / "colour", [(64, 64)])
    write_photos(tmp_path / "gray", [(64, 64)], gray=True)
    with pytest.raises(UserError, match="0.png: is gray"):
        load_images("folder", tmp_path / "gray")
    with pytest.raises(UserError, match="0.png: is in colour"):
        load_images("folder", tmp_path / "colour", channels=1)
    gray = load_images("folder", tmp_path / "gray", channels=1)
    assert gray.pixels.shape == (1, 64, 64, 1)
    folder = write_folders(tmp_path / "digits", digits)
    colour = np.zeros((28, 28, 3), np.uint8)
    colour[..., 0] = 255
    cv2.imwrite(str(folder / "train" / "0" / "00000.png"), colour)
    with pytest.raises(UserError, match="00000.png: is in colour"):
        load_images("mnist", folder)


def test_empty_and_missing_folders_are_named(tmp_path, digits):
    for dataset in ("folder", "mnist"):
        with pytest.raises(UserError, match="holds no"):
            load_images(dataset, tmp_path)
        with pytest.raises(UserError, match="no such file or folder"):
            load_images(dataset, tmp_path / "nowhere")
    with pytest.raises(UserError, match="--data_dir is missing"):
        load_images("folder")
    with pytest.raises(UserError, match="is no folder"):
        load_images("folder", write_npz(tmp_path, digits))


def test_a_set_without_test_part_or_partner_is_named(tmp_path, digits):
    folder = write_folders(tmp_path, digits) / "train"
    assert len(load_images("mnist", folder)) == 20
    with pytest.raises(UserError, match="no test part"):
        load_images("mnist", folder, "test")
    other = tmp_path / "idx"
    other.mkdir()
    write_idx(other, digits)
    (other / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(UserError, match="no partner"):
        load_images("mnist", other)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"x_train": np.zeros((20, 32, 32), np.uint8)}, "not 28 x 28"),
        ({"x_train": np.zeros((20, 28, 28, 3), np.uint8)}, "not 28 x 28"),
        ({"y_train": np.zeros(19, np.uint8)}, "do not fit together"),
        ({"y_train": np.full(20, 10, np.uint8)}, "10 is none of 0 to 9"),
        (
            {
                "x_train": np.zeros((0, 28, 28), np.uint8),
                "y_train": np.zeros(0, np.uint8),
            },
            "do not fit together",
        ),
    ],
)
def test_an_npz_of_other_images_is_named(tmp_path, digits, change, words):
    path = write_npz(tmp_path, digits | change)
    with pytest.raises(UserError, match=words):
        load_images("mnist", path)


def write_classes(folder, counts):
    """Gray photos of 64 pixels in a folder a class, as light as its number."""
    for number, (name, count) in enumerate(counts.items()):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for index in range(count):
            pixels = np.full((64, 64), (40 * number + index) % 256, np.uint8)
            cv2.imwrite(str(folder / name / f"{index}.png"), pixels)
    return folder


@pytest.mark.parametrize("below", [".", "train"])
def test_folders_of_any_names_are_classes(tmp_path, below):
    counts = {"zebra": 2, "ant": 3, "10": 1}
    write_classes(tmp_path / below, counts)
    if below == "train":
        write_classes(tmp_path / "test", {"ant": 1})
    # Photos may lie deeper.
    deep = tmp_path / below / "ant" / "more"
    deep.mkdir()
    (tmp_path / below / "ant" / "2.png").rename(deep / "2.png")
    images = load_images("folder", tmp_path, channels=1, class_folders=True)
    assert images.class_names == ("10", "ant", "zebra")
    np.testing.assert_array_equal(images.labels, [0, 1, 1, 1, 2, 2])
    lightness = images.pixels[:, 0, 0, 0] // 40
    np.testing.assert_array_equal(lightness, [2, 1, 1, 1, 0, 0])
    assert load_images("folder", tmp_path, channels=1).labels is None


@pytest.mark.parametrize(
    ("counts", "stray", "words"),
    [
        ({"a": 2}, None, "holds 1 class folders, where 2 to 256"),
        ({}, "x.png", "holds 0 class folders"),
        ({"a": 1, "b": 0}, None, "b: holds no images"),
        ({"a": 1, "b": 1}, "x.png", "x.png: lies beside the class folders"),
        ({f"{n:03}": 1 for n in range(257)}, None, "holds 257 class folders"),
    ],
)
def test_class_folders_that_are_none_are_named(tmp_path, counts, stray, words):
    write_classes(tmp_path, counts)
    if stray:
        cv2.imwrite(str(tmp_path / stray), np.zeros((64, 64), np.uint8))
    with pytest.raises(UserError, match=words):
        load_images("folder", tmp_path, channels=1, class_folders=True)


def test_a_text_among_the_classes_is_said_and_left_out(tmp_path, capsys):
    write_classes(tmp_path, {"a": 1, "b": 1})
    (tmp_path / "a" / "notes.txt").write_text("Dear diary")
    images = load_images("folder", tmp_path, channels=1, class_folders=True)
    assert len(images) == 2
    assert "notes.txt" in capsys.readouterr().err


def test_the_entropy_of_the_classes_is_the_datas():
    images = ImageSet(np.zeros((4, 1, 1, 1), np.uint8))
    assert images.class_entropy is None
    for labels, entropy in (
        ([7, 7, 7, 7], 0.0),
        ([0, 0, 9, 9], np.log(2)),
        ([0, 1, 2, 3], np.log(4)),
    ):
        images = ImageSet(images.pixels, np.array(labels, np.uint8))
        assert images.class_entropy == pytest.approx(entropy)


def test_a_part_of_sorted_images_has_all_classes():
    labels = np.repeat(np.arange(3, dtype=np.uint8), [5, 1, 4])
    images = ImageSet(np.zeros((10, 1, 1, 1), np.uint8), labels)
    part = images.take(first_images(images, 5)).labels
    np.testing.assert_array_equal(part, [0, 0, 1, 2, 2])
    mixed = ImageSet(images.pixels, labels[::-1].copy())
    assert first_images(mixed, 5) == slice(5)
    assert len(images.take(first_images(images, 99))) == 10


def test_digit_folders_of_another_size_are_named(tmp_path):
    for label in range(CLASSES):
        write_photos(tmp_path / str(label), [(32, 32)], gray=True)
    with pytest.raises(UserError, match="not 28 x 28"):
        load_images("mnist", tmp_path)


def test_a_truncated_photo_is_named(tmp_path):
    write_photos(tmp_path, [(64, 64)])
    path = tmp_path / "person0" / "0.png"
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(UserError, match="0.png"):
        load_images("folder", tmp_path)


def test_without_tensorflow_datasets_the_flag_is_named(monkeypatch):
    # None in sys.modules is how Python says "cannot be imported".
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    with pytest.raises(UserError, match="--data_dir is missing"):
        load_images("mnist")


@pytest.mark.slow
@pytest.mark.tensorflow
def test_tensorflow_datasets_gives_images_and_labels():
    # Its own generator of random examples in the data set's declared form.
    import tensorflow_datasets as tfds

    with tfds.testing.mock_data(num_examples=4):
        digits = load_images("mnist")
        faces = load_images("celeba")
    assert digits.pixels.shape == (4, 28, 28, 1)
    assert digits.pixels.dtype == np.uint8 and digits.labels.shape == (4,)
    assert faces.pixels.shape == (4, 64, 64, 3) and faces.labels is None


def test_an_unknown_data_set_is_refused():
    with pytest.raises(ValueError, match="`dataset` must be one of"):
        load_images("cifar")
