"""The judge and its report, on models whose answers are known."""

import json

import numpy as np
import pytest

from dcgan import evaluate
from dcgan.api import Generator
from dcgan.features import Classifier, Inception
from dcgan.metrics import frechet_distance
from dcgan.report import write_report
from shared.errors import UserError
from tests.dcgan.models import (
    bars,
    write_classifier,
    write_generator,
    write_inception,
)
from tests.stegastamp.commands import call


@pytest.fixture
def data(tmp_path):
    classes = np.tile(np.arange(10, dtype=np.uint8), 12)
    np.savez(
        tmp_path / "mnist.npz",
        x_train=bars(classes, 0),
        y_train=classes,
        x_test=bars(classes[:30], 1),
        y_test=classes[:30],
    )
    return tmp_path / "mnist.npz"


def test_the_report_stands_beside_its_floor(tmp_path, data):
    write_generator(tmp_path / "one")
    write_generator(tmp_path / "two", latent="uniform", classes=5)
    classifier = write_classifier(tmp_path / "c.onnx")
    arguments = (
        f"--model={tmp_path / 'one'}",
        f"--model={tmp_path / 'two'}",
        f"--data_dir={data}",
        f"--classifier={classifier}",
        f"--save_dir={tmp_path / 'report'}",
        "--count=50",
        "--seed=2",
    )
    code, out, err = call(evaluate, *arguments)
    assert (code, err) == (None, "")
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    one, two, floor = report["rows"]
    assert floor["name"] == "real images (floor)" and report["count"] == 50
    assert floor["frechet"] < 0.2 * min(one["frechet"], two["frechet"])
    assert floor["class_coverage"] == 10 and floor["confident"] > 0.9
    assert abs(floor["kernel"]) < one["kernel"]
    assert floor["precision"] > 0.7 > one["precision"]
    assert "FCD" in out and "FID" not in out
    assert "test accuracy 0.5000" in out

    # By hand, from the pieces.
    with np.load(data) as archive:
        train = archive["x_train"][..., None]
    order = np.random.default_rng(2).permutation(120)[:50]
    judge = Classifier(classifier)
    expected = frechet_distance(
        judge.judge(Generator(tmp_path / "one").generate(50, 2)).features,
        judge.judge(train[order]).features,
    )
    assert one["frechet"] == pytest.approx(expected, rel=1e-6)
    two_generator = Generator(tmp_path / "two")
    asked = two_generator.space.labels(two_generator.latents(50, 2))
    read = judge.judge(two_generator.generate(50, 2)).classes
    assert two["as_asked"] == pytest.approx(np.mean(read == asked))
    assert "as asked" in out
    assert "as_asked" not in one and "as_asked" not in floor
    names = {p.name for p in (tmp_path / "report").iterdir()}
    assert names == {
        "report.json",
        "report.md",
        "one.png",
        "one_nearest.png",
        "two.png",
        "two_nearest.png",
    }
    recipe = report["recipe"]
    assert recipe["flags"]["count"] == 50
    hashes = recipe["model_sha256"]
    assert set(hashes) == {"generator.onnx", "two/generator.onnx", "c.onnx"}
    assert recipe["python"] == recipe["versions"]["python"]
    # The same command measures the same numbers.
    _, out, err = call(evaluate, *arguments, "--json")
    assert json.loads(out)["rows"] == report["rows"]
    assert "one: measured on 50 samples" in err
    again = json.loads((tmp_path / "report" / "report.json").read_text())
    assert again["rows"] == report["rows"]


def test_models_of_one_name_have_pictures_of_their_own(tmp_path):
    random = np.random.default_rng(0)
    samples, nearest = random.integers(0, 256, (2, 4, 28, 28, 1), np.uint8)
    results = {"rows": [{"name": "a"}], "distance": None, "judge": None}
    results |= dict.fromkeys(("count", "paired", "neighbours", "seed"), 4)
    results["recipe"] = {"command": ""}
    pictures = {
        "a/m": (samples, nearest),
        "b/m": (nearest, samples),
    }
    pictures["c"] = (samples, nearest)
    written = [path.name for path in write_report(tmp_path, results, pictures)]
    assert len(set(written)) == len(written)
    assert {"a_m.png", "b_m.png", "b_m_nearest.png", "c.png"} <= set(written)


def test_a_model_that_copies_is_seen(tmp_path, data):
    with np.load(data) as archive:
        train, test = archive["x_train"][..., None], archive["x_test"]
    copied, index = evaluate.copying(train[5:25], train)
    unseen, _ = evaluate.copying(test[..., None], train)
    assert copied["neighbour_median"] == 0.0 and index[0] == 5
    assert unseen["neighbour_low"] > 5.0


@pytest.mark.parametrize("channels_first", [True, False])
def test_colour_images_are_judged_by_an_inception_file(
    tmp_path, channels_first
):
    path = write_inception(tmp_path / "i.onnx", 8, channels_first)
    judge = Inception(path)
    images = np.zeros((2, 16, 16, 3), np.uint8)
    images[1] = (255, 0, 51)
    features = judge.judge(images).features
    np.testing.assert_allclose(
        features, [[-1, -1, -1], [1, -1, -0.6]], atol=1e-6
    )
    gray = judge.judge(images[:1, ..., :1]).features
    np.testing.assert_allclose(gray, [[-1, -1, -1]], atol=1e-6)
    assert judge.distance_name == "FID" and "8 x 8" in judge.describe()


def test_a_folder_of_photos_is_judged_too(tmp_path):
    from tests.dcgan.test_data import write_photos

    photos = write_photos(tmp_path / "photos", [(64, 64)] * 24)
    write_generator(tmp_path / "m", size=64, channels=3)
    inception = write_inception(tmp_path / "i.onnx")
    for flags in ((), (f"--inception={inception}",)):
        code, out, err = call(
            evaluate,
            f"--model={tmp_path / 'm'}",
            "--dataset=folder",
            f"--data_dir={photos}",
            f"--save_dir={tmp_path / 'report'}",
            "--count=12",
            *flags,
        )
        assert (code, err) == (None, "")
        assert ("FID" in out) == bool(flags)
        assert "nearest: median" in out


def test_a_set_without_a_judge_is_said_to_have_none(tmp_path):
    random = np.random.default_rng(0)
    parts = {}
    for part, count in (("train", 24), ("test", 10)):
        shape = (count, 32, 32, 3)
        parts[f"x_{part}"] = random.integers(0, 256, shape, np.uint8)
        parts[f"y_{part}"] = np.arange(count, dtype=np.uint8) % 10
    np.savez(tmp_path / "cifar10.npz", **parts)
    write_generator(tmp_path / "m", size=32, channels=3)
    code, out, err = call(
        evaluate,
        f"--model={tmp_path / 'm'}",
        "--dataset=cifar10",
        f"--data_dir={tmp_path}",
        f"--save_dir={tmp_path / 'report'}",
        "--count=12",
    )
    assert code is None and "nearest: median" in out
    assert "warning: no classifier of cifar10 ships" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("--count=0", "--count=0: must be at least"),
        ("--seed=-1", "--seed=-1"),
        ("--model=nowhere", "no such model"),
        ("--data_dir=nowhere", "--data_dir: nowhere"),
        ("--classifier=nowhere.onnx", "nowhere.onnx: no such model file"),
        ("--save_dir=", "--save_dir is missing"),
    ],
)
def test_a_bad_flag_gets_one_line(tmp_path, data, flag, words):
    write_generator(tmp_path / "m")
    arguments = [
        f"--data_dir={data}",
        f"--save_dir={tmp_path / 'report'}",
        f"--classifier={write_classifier(tmp_path / 'c.onnx')}",
        flag,
    ]
    if not flag.startswith("--model"):
        arguments.append(f"--model={tmp_path / 'm'}")
    code, out, err = call(evaluate, *arguments)
    assert code == 1 and words in err and err.count("\n") == 1


def test_a_model_of_another_size_or_a_wrong_judge_is_named(tmp_path, data):
    write_generator(tmp_path / "m", size=64, channels=3)
    classifier = write_classifier(tmp_path / "c.onnx")
    code, _, err = call(
        evaluate,
        f"--model={tmp_path / 'm'}",
        f"--data_dir={data}",
        f"--classifier={classifier}",
        f"--save_dir={tmp_path / 'report'}",
    )
    assert code == 1 and "draws images of (pixels, channels) [(64, 3)]" in err
    other = write_classifier(
        tmp_path / "d.onnx", class_names=list("abcdefghij")
    )
    write_generator(tmp_path / "gray")
    code, _, err = call(
        evaluate,
        f"--model={tmp_path / 'gray'}",
        f"--data_dir={data}",
        f"--classifier={other}",
        f"--save_dir={tmp_path / 'report'}",
    )
    assert code == 1
    assert "d.onnx: tells 10 classes apart (a, b, c, ...)" in err
    assert not (tmp_path / "report").exists()
    write_generator(tmp_path / "g")
    with pytest.raises(UserError, match="'generator' where 'classifier' is"):
        Classifier(tmp_path / "g" / "generator.onnx")
    with pytest.raises(UserError, match="--inception: .* has the shape"):
        Inception(tmp_path / "g" / "generator.onnx")
