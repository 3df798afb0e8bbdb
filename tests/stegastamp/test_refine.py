"""A refined stamp is seen less than the network's, and is read as well."""

from pathlib import Path

import cv2
import numpy as np
import pytest

import stegastamp
from shared.errors import UserError
from shared.images import read_photo
from shared.measures.quality import psnr
from shared.runtime import ExportedNetwork
from stegastamp import encode
from stegastamp.attacks import jpeg
from stegastamp.read_back import ReadBack, copy_of
from stegastamp.refine import EFFORTS, Adam, Effort, refine, visibility
from tests.stegastamp.commands import call
from tests.stegastamp.linear_model import write_linear_model

DATA = Path(__file__).parent / "data"
MESSAGE = "Stega!!"


def boats():
    return read_photo(DATA / "boats.png").pixels


@pytest.fixture(scope="module")
def refinable(tmp_path_factory):
    folder = tmp_path_factory.mktemp("refinable")
    return write_linear_model(folder / "model", gradient=True)


def test_adam_is_that_of_keras():
    import keras

    random = np.random.default_rng(0)
    start = random.normal(size=(3, 4)).astype("float32")
    variable = keras.Variable(start)
    theirs = keras.optimizers.Adam(0.01, beta_2=0.99, epsilon=1e-8)
    ours, values = Adam(start.shape), start.copy()
    for _ in range(5):
        gradient = random.normal(size=start.shape).astype("float32")
        theirs.apply([gradient], [variable])
        values = values + ours.change(gradient, 0.01)
    np.testing.assert_allclose(values, variable.numpy(), atol=1e-5)


def test_flat_places_count_more():
    photo = np.full((128, 128, 3), 120, np.uint8)
    photo[:, 64:] = np.random.default_rng(0).integers(0, 255, (128, 64, 3))
    seen = visibility(photo, 32, 32)
    assert seen.shape == (32, 32, 1)
    assert seen.mean() == pytest.approx(1.0, abs=1e-5)
    assert seen[:, :14].min() > 2 * seen[:, 18:].max()


@pytest.mark.slow
def test_less_is_seen_of_a_refined_stamp_and_it_is_read():
    photo, found, report = boats(), {}, ReadBack()
    for effort in (0, 1):
        encoder = stegastamp.Encoder(threads=1, effort=effort)
        stamped, residual = encoder.encode(photo, MESSAGE, report=report)
        found[effort] = psnr(photo, stamped)
        assert abs(residual.mean((0, 1))).max() < 1e-3
        for copy in (stamped, jpeg(stamped, 25)):
            read = encoder.decoder.decode(copy)
            assert read and read.message == MESSAGE
    assert report.losses == []
    assert found[1] > found[0] + 0.8


def test_a_stamp_is_the_same_each_time(refinable):
    encoder = stegastamp.Encoder(refinable, threads=1)
    assert encoder.effort == "1"
    first, _ = encoder.encode(boats(), MESSAGE)
    second, _ = stegastamp.Encoder(refinable, threads=1).encode(
        boats(), MESSAGE
    )
    np.testing.assert_array_equal(first, second)
    other, _ = encoder.encode(boats(), "Other!!")
    assert (other != first).any()


def test_more_regard_for_what_is_seen_leaves_less_of_it(refinable):
    network = ExportedNetwork(
        refinable / "gradient.onnx", "stegastamp", "gradient", 1
    )

    def differentiate(photos, signs, margin):
        inputs = {"image": photos, "sign": signs}
        inputs["margin"] = np.float32([margin])
        return network.session.run(["gradient"], inputs)[0]

    copy = copy_of(boats(), 255.0)
    secret = np.arange(100) % 2
    start = np.zeros((64, 64, 3), np.float32)
    effort = Effort(10, copy.size)
    energy = [
        np.square(
            refine(differentiate, copy, start, secret, effort, "print", weight)
        ).mean()
        for weight in (0.0, 3000.0, 30_000.0)
    ]
    assert energy[0] > energy[1] > energy[2] > 0


@pytest.mark.parametrize("effort", [0, 1])
@pytest.mark.parametrize("wanted", [36.0, 41.0])
def test_a_psnr_that_is_asked_for_is_met(refinable, effort, wanted):
    encoder = stegastamp.Encoder(refinable, threads=1, effort=effort)
    report = ReadBack()
    for photo in (boats(), cv2.cvtColor(boats(), cv2.COLOR_RGB2GRAY)):
        stamped, _ = encoder.encode(
            photo, MESSAGE, target_psnr=wanted, check=False, report=report
        )
        assert psnr(photo, stamped) == pytest.approx(wanted, abs=0.1)
        assert report.factor > 0


def test_a_target_too_high_is_what_is_told(refinable, tmp_path):
    encoder = stegastamp.Encoder(refinable, threads=1, effort=0)
    with pytest.raises(ValueError, match="a lower target may hold it"):
        encoder.encode(boats(), MESSAGE, target_psnr=55)
    arguments = [f"--model={refinable}", f"--image={DATA / 'boats.png'}"]
    arguments += [f"--save_dir={tmp_path}", "--secret=a", "--effort=0"]
    code, _, err = call(encode, *arguments, "--target_psnr=55")
    assert code == 1 and "at this PSNR; a lower target" in err
    assert list(tmp_path.iterdir()) == []
    code, _, err = call(encode, *arguments, "--target_psnr=40", "--strength=2")
    assert code == 1 and "one of --strength and --target_psnr" in err


def test_less_is_seen_of_a_stamp_for_the_web():
    encoder = stegastamp.Encoder(threads=1, effort=1)
    photo, found = boats(), {}
    for against in ("web", "print"):
        stamped, _ = encoder.encode(photo, MESSAGE, target_robustness=against)
        found[against] = psnr(photo, stamped)
        read = encoder.decoder.decode(jpeg(stamped, 50))
        assert read and read.message == MESSAGE
    assert found["web"] > found["print"] + 0.5


def test_what_cannot_be_done_is_told(refinable, model, tmp_path):
    plain = stegastamp.Encoder(model)
    assert plain.effort == "0" and not (model / "gradient.onnx").exists()
    with pytest.raises(UserError, match="gradient.onnx: no such model file"):
        stegastamp.Encoder(model, effort="best")
    with pytest.raises(ValueError, match="`effort` must be one of 0, 1, best"):
        stegastamp.Encoder(model, effort=2)
    with pytest.raises(ValueError, match="needs read_back"):
        stegastamp.Encoder(refinable, read_back=False, effort=1)
    assert stegastamp.Encoder(refinable, read_back=False).effort == "0"
    for arguments, said in (
        ({"target_robustness": "space"}, "`target_robustness` must be one of"),
        ({"target_psnr": 42, "strength": 2.0}, "strength and target_psnr"),
        ({"target_psnr": 99}, "between 20 and 60"),
        ({"target_psnr": float("nan")}, "between 20 and 60"),
    ):
        with pytest.raises(ValueError, match=said):
            plain.encode(boats(), MESSAGE, **arguments)

    other = write_linear_model(tmp_path / "other", amplitude=0.03)
    gradient = (refinable / "gradient.onnx").read_bytes()
    (other / "gradient.onnx").write_bytes(gradient)
    with pytest.raises(UserError, match="belongs to another decoder.onnx"):
        stegastamp.Encoder(other)


def test_efforts_rise():
    steps = [effort.steps for effort in EFFORTS.values()]
    assert steps == sorted(steps) and steps[0] == 0
