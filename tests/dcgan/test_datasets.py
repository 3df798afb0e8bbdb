"""A data set is one record: what a new one gets without further code."""

import keras
import numpy as np
import pytest

from dcgan.batches import ImageBatches
from dcgan.data import ImageSet, read_labelled
from dcgan.datasets import DATASETS, LABELLED, DataSet, load_images
from dcgan.networks import SIZES, build_networks
from dcgan.presets import SETTINGS
from dcgan.train import train
from dcgan.train_classifier import SETTINGS as CLASSIFIER_SETTINGS
from dcgan.train_classifier import build_classifier
from dcgan.train_classifier import train as train_classifier
from shared.errors import UserError
from shared.training import RunOptions

SHAPES = DataSet(
    "shapes",
    32,
    3,
    read_labelled,
    ("disc", "ring", "square", "bar", "cross", "star", "dots"),
    has_test=True,
)


@pytest.fixture
def shapes(tmp_path, monkeypatch):
    """A set of seven classes in colour that nobody knows, and its file."""
    monkeypatch.setitem(DATASETS, "shapes", SHAPES)
    random = np.random.default_rng(0)
    parts = {}
    for part, count in (("train", 28), ("test", 14)):
        parts[f"y_{part}"] = np.arange(count, dtype=np.uint8) % 7
        pixels = random.integers(0, 256, (count, 32, 32, 3), np.uint8)
        parts[f"x_{part}"] = pixels // 4 + 24 * parts[f"y_{part}"][
            :, None, None, None
        ].astype(np.uint8)
    np.savez(tmp_path / "shapes.npz", **parts)
    return tmp_path / "shapes.npz"


@pytest.mark.parametrize("name", DATASETS)
def test_every_set_has_networks_of_its_size(name):
    record = DATASETS[name]
    assert record.name == name and record.size in SIZES
    assert record.channels in (1, 3, None)
    assert len(set(record.class_names)) == len(record.class_names)
    assert (name in LABELLED) == bool(record.class_names)


@pytest.mark.parametrize("family", ["report", "keras_io"])
@pytest.mark.parametrize("channels", [1, 3])
def test_networks_of_32_pixels_follow_the_rule_of_28(family, channels):
    pair = {
        size: build_networks(family, size, channels, "upsampling", 0.3)
        for size in (28, 32)
    }
    for small, large in zip(pair[28], pair[32], strict=True):
        names = [[type(x) for x in model.layers] for model in (small, large)]
        assert names[0] == names[1]
    generator, discriminator = pair[32]
    assert generator.output_shape == (None, 32, 32, channels)
    assert discriminator.input_shape == (None, 32, 32, channels)
    # Only what is flattened grows, from 7 x 7 to 8 x 8.
    grown = 64 / 49
    for small, large in zip(pair[28], pair[32], strict=True):
        assert small.count_params() <= large.count_params()
        assert large.count_params() < grown * small.count_params() + 1


def test_a_labelled_colour_set_is_read(shapes):
    images = load_images("shapes", shapes)
    assert images.pixels.shape == (28, 32, 32, 3)
    assert images.class_names == SHAPES.class_names
    assert len(load_images("shapes", shapes, "test")) == 14
    # CIFAR-10's own file keeps its labels as a column.
    with np.load(shapes) as file:
        column = {k: v[:, None] if k[0] == "y" else v for k, v in file.items()}
    np.savez(shapes.with_name("column.npz"), **column)
    again = load_images("shapes", shapes.with_name("column.npz"))
    np.testing.assert_array_equal(again.labels, images.labels)
    with pytest.raises(UserError, match="not 28 x 28 gray; use --dataset"):
        load_images("mnist", shapes)


@pytest.mark.slow
def test_it_trains_a_conditional_gan_and_a_classifier(shapes, tmp_path):
    images = load_images("shapes", shapes)
    options = RunOptions(tmp_path / "gan")
    settings = SETTINGS.choose(
        "conditional", batch_size=4, steps=2, steps_per_report=2
    )
    train(options, settings, images, dataset="shapes")
    assert (tmp_path / "gan" / "sample_grid.png").stat().st_size > 0
    network = train_classifier(
        RunOptions(tmp_path / "judge"),
        CLASSIFIER_SETTINGS.choose(batch_size=7, epochs=1),
        images,
        dataset="shapes",
    )
    assert network.input_shape == (None, 32, 32, 3)
    assert network.output["probabilities"].shape == (None, 7)
    # Neither goes on with other images.
    other = ImageSet(images.pixels[:21], images.labels[:21], SHAPES.class_names)
    with pytest.raises(UserError, match="another images"):
        train(options, settings, other, dataset="shapes")


def test_the_classifier_of_mnist_is_what_ships():
    assert build_classifier().count_params() == 220_234


def test_batches_of_a_set_are_in_the_range_of_its_networks(shapes):
    images = load_images("shapes", shapes)
    batch = ImageBatches(images.pixels, 4, 2, 0, 0, images.labels)[0]
    pixels = np.asarray(keras.tree.flatten(batch)[0])
    assert pixels.shape == (4, 32, 32, 3)
