"""Exports of real networks, and using them without Keras."""

import json

import numpy as np
import pytest

from agns import api, export, recognize
from agns.export import export_run, read_run
from agns.models import load_eyeglasses, load_recognizer
from shared.errors import UserError
from tests.agns import tiny
from tests.contracts.exports import check_export


@pytest.fixture(scope="module")
def exported(eyeglass_run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported")
    folder = folder / "eyeglasses"
    run = check_export(
        export, eyeglass_run, folder, half=True, saved_model=False
    )
    assert set(run.parts) == {"generator", "discriminator"}
    return folder


@pytest.mark.tensorflow
@pytest.mark.slow
def test_eyeglasses_in_half_size(exported, eyeglass_run):
    for role, weights in (("generator", 633_403), ("discriminator", 3_809_801)):
        for name in (f"{role}.onnx", f"{role}.weights.h5"):
            assert (exported / name).stat().st_size < 2.2 * weights + 60_000
    generator, _ = load_eyeglasses(exported)
    random = np.random.default_rng([3, 0])
    codes = random.normal(size=(2, 25)).astype("float32")
    np.testing.assert_allclose(
        api.Generator(exported).glasses(2, [3, 0]), generator(codes), atol=1e-4
    )
    # Rounding is to 11 bits, and the shipped networks are the rounded ones.
    whole, _ = load_eyeglasses(eyeglass_run)
    np.testing.assert_allclose(generator(codes), whole(codes), atol=0.01)


@pytest.mark.tensorflow
@pytest.mark.slow
def test_a_recognizer_and_its_command(recognizer_run, tmp_path, capsys):
    check_export(export, recognizer_run, tmp_path / "model", saved_model=False)
    with pytest.raises(UserError, match="recognizer.onnx: exists"):
        export_run(recognizer_run, tmp_path / "model", saved_model=False)
    with pytest.raises(UserError, match="never replaced"):
        export_run(recognizer_run, recognizer_run, overwrite=True)
    people = tiny.write_people(tmp_path / "faces", people=2, photos=2)
    (people / "Person_0" / "broken.jpg").write_bytes(b"")
    network, names = load_recognizer(tmp_path / "model")
    assert names == tiny.PEOPLE
    recognizer = api.Recognizer(tmp_path / "model")
    faces = np.random.default_rng(0).random((3, 96, 96, 3)).astype("float32")
    np.testing.assert_allclose(
        recognizer.probabilities(faces, batch_size=2),
        network(2 * faces - 1),
        atol=1e-4,
    )
    with pytest.raises(ValueError, match=r"shape=\(96, 96, 3\)"):
        recognizer.probabilities(faces[0])

    values = recognize.flags.FlagValues()
    recognize.define_flags(values)
    values(
        [
            "recognize",
            f"--model={tmp_path / 'model'}",
            f"--images_dir={people}",
            "--json",
            "--threshold=0",
        ]
    )
    assert recognize.main([], values) == 1
    out, err = capsys.readouterr()
    lines = [json.loads(line) for line in out.splitlines()]
    assert len(lines) == 4 and {line["name"] for line in lines} <= set(
        tiny.PEOPLE
    )
    assert "broken.jpg: is empty" in err

    with pytest.raises(UserError, match="generator"):
        api.Generator(tmp_path / "model")


def test_no_run_of_ours_is_refused(tmp_path):
    with pytest.raises(UserError, match="is not a directory"):
        read_run(tmp_path / "none")
    tiny.write_config(tmp_path / "other", latent=8)
    with pytest.raises(UserError, match="of no recogniser or eyeglass"):
        read_run(tmp_path / "other")
    tiny.write_config(
        tmp_path / "lost", architecture="openface", people=tiny.PEOPLE, size=96
    )
    with pytest.raises(UserError, match="no such file"):
        read_run(tmp_path / "lost")
