"""A data set is one record: what a new one gets without further code."""

import json

import numpy as np
import pytest

from dcgan.batches import ImageBatches
from dcgan.data import MOST_CLASSES, ImageSet, read_labelled
from dcgan.datasets import DATASETS, DataSet, load_images
from dcgan.export import class_names
from dcgan.features import Classifier, shipped_classifier
from dcgan.networks import SIZES, build_networks
from dcgan.presets import SETTINGS
from dcgan.train import train
from dcgan.train_classifier import SETTINGS as CLASSIFIER_SETTINGS
from dcgan.train_classifier import build_classifier
from dcgan.train_classifier import train as train_classifier
from shared.errors import UserError
from shared.training import RunOptions
from tests.dcgan.test_export import CONFIG

FEW_STEPS = {"batch_size": 4, "steps": 2, "steps_per_report": 2}
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
    assert len(record.class_names) <= MOST_CLASSES


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
def test_a_set_trains_a_conditional_gan_whatever_it_is_called(shapes, tmp_path):
    images = load_images("shapes", shapes)
    options = RunOptions(tmp_path / "gan")
    settings = SETTINGS.choose("conditional", **FEW_STEPS)
    # A name that no record has: images that somebody made in Python.
    train(options, settings, images, dataset="mine")
    assert (tmp_path / "gan" / "sample_grid.png").stat().st_size > 0
    assert class_names(options.run_dir) == SHAPES.class_names
    # It does not go on with other images.
    other = ImageSet(images.pixels[:21], images.labels[:21], SHAPES.class_names)
    with pytest.raises(UserError, match="another images"):
        train(options, settings, other, dataset="mine")


@pytest.mark.slow
@pytest.mark.tensorflow
def test_a_set_trains_a_judge_that_watches_a_gan(shapes, tmp_path):
    images = load_images("shapes", shapes)
    judge = train_classifier(
        RunOptions(tmp_path / "judge", threads=1),
        CLASSIFIER_SETTINGS.choose(batch_size=7, epochs=1),
        images,
        load_images("shapes", shapes, "test"),
        dataset="shapes",
        save_dir=tmp_path / "out",
    )
    assert judge.shape == (32, 32, 3)
    assert judge.class_names == list(SHAPES.class_names)
    again = Classifier(tmp_path / "out" / "classifier.onnx", threads=1)
    assert again.metadata == judge.metadata
    assert again.metadata["test_images"] == 14
    assert 0 <= again.metadata["test_accuracy"] <= 1
    train(
        RunOptions(tmp_path / "gan"),
        SETTINGS.choose("conditional", **FEW_STEPS),
        images,
        classifier=judge,
        dataset="shapes",
    )
    titles = (tmp_path / "gan" / "metrics.csv").read_text().splitlines()[0]
    assert {"fcd", "class_entropy"} <= set(titles.split(","))


def test_a_judge_of_other_images_or_classes_is_named(shapes, tmp_path):
    judge = Classifier(shipped_classifier("mnist"), threads=1)
    with pytest.raises(UserError, match="28 x 28 x 1, the .* 32 x 32 x 3"):
        train(
            RunOptions(tmp_path / "run"),
            SETTINGS.choose("conditional", **FEW_STEPS),
            load_images("shapes", shapes),
            classifier=judge,
        )
    assert not (tmp_path / "run").exists()
    labels = np.zeros(4, np.uint8)
    pixels = np.zeros((4, 28, 28, 1), np.uint8)
    with pytest.raises(UserError, match=r"10 classes .* 2 \(cat, dog"):
        judge.check_fits(ImageSet(pixels, labels, ("cat", "dog")))
    judge.check_fits(ImageSet(pixels))
    judge.check_fits(ImageSet(pixels, labels, DATASETS["mnist"].class_names))


def test_classes_that_are_not_there_are_not_learned(shapes, tmp_path):
    images = ImageSet(load_images("shapes", shapes).pixels)
    with pytest.raises(UserError, match="--conditional: .* no classes"):
        train(
            RunOptions(tmp_path / "run"),
            SETTINGS.choose("conditional", **FEW_STEPS),
            images,
        )
    assert not (tmp_path / "run").exists()


def test_a_runs_classes_are_those_it_states_or_its_sets(tmp_path):
    def names(**changes):
        config = json.dumps(CONFIG | changes)
        (tmp_path / "config.json").write_text(config)
        return class_names(tmp_path)

    own = ["cat", "dog"]
    assert names() == DATASETS["mnist"].class_names
    assert names(dataset="folder", class_names=own) == tuple(own)
    assert names(dataset="mine", class_names=own) == tuple(own)
    assert names(dataset="mine", conditional=False) == ()
    with pytest.raises(UserError, match="config.json: `class_names`"):
        names(dataset="mine")


@pytest.mark.tensorflow
def test_sets_that_do_not_fit_each_other_train_no_classifier(shapes, tmp_path):
    images = load_images("shapes", shapes)
    settings = CLASSIFIER_SETTINGS.choose(batch_size=7)
    bare = ImageSet(images.pixels, None, images.class_names)
    fewer = ImageSet(images.pixels, images.labels, images.class_names[:6])
    for pair in ((images, fewer), (images, bare), (bare, images)):
        with pytest.raises(ValueError, match="must have labels"):
            train_classifier(RunOptions(tmp_path / "run"), settings, *pair)
    assert not (tmp_path / "run").exists()


def test_the_classifier_of_mnist_is_what_ships():
    assert build_classifier().count_params() == 220_234


def test_batches_of_a_set_are_in_the_range_of_its_networks(shapes):
    images = load_images("shapes", shapes)
    pixels = images.pixels.copy()
    pixels[:, 0, 0], pixels[:, 0, 1] = 0, 255
    batch, labels = ImageBatches(pixels, 4, 2, 0, 0, images.labels)[0]
    batch = np.asarray(batch)
    assert batch.shape == (4, 32, 32, 3) and labels.shape == (4,)
    assert (batch[:, 0, 0] == -1).all() and (batch[:, 0, 1] == 1).all()
