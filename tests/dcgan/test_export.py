"""What a run exports draws the same images in every runtime."""

import json

import keras
import numpy as np
import pytest

from dcgan import export
from dcgan.api import Generator
from dcgan.networks import build_networks
from shared.errors import UserError
from shared.ranges import signed_to_levels
from tests.contracts.exports import check_export

pytestmark = pytest.mark.tensorflow

CONFIG = {
    "networks": "report",
    "resizer": "upsampling",
    "dropout": 0.3,
    "size": 28,
    "channels": 1,
    "latent": "normal",
    "dataset": "mnist",
    "conditional": True,
}


@pytest.fixture
def run_dir(tmp_path):
    keras.utils.set_random_seed(3)
    generator, _ = build_networks("report", 28, 1, "upsampling", 0.3)
    run = tmp_path / "run"
    (run / "checkpoints" / "step-00000042").mkdir(parents=True)
    generator.save_weights(run / "generator.weights.h5")
    (run / "config.json").write_text(json.dumps(CONFIG))
    return run, generator


@pytest.mark.slow
def test_onnx_saved_model_and_litert_agree_with_the_run(run_dir, tmp_path):
    run, network = run_dir
    out = tmp_path / "out"
    assert set(check_export(export, run, out, litert=True).parts) == {
        "generator"
    }
    generator = Generator(out, threads=1)
    latents = generator.latents(17, seed=5)
    drawn = generator.draw(latents).astype(int)
    images = signed_to_levels(np.asarray(network(latents, training=False)))
    assert np.abs(drawn - images).max() <= 1
    assert generator.metadata["step"] == 42
    assert generator.metadata["latent"] == "normal"
    assert generator.space.classes == 10


def test_half_storage_is_half_as_large_and_draws_the_same(run_dir, tmp_path):
    run, _ = run_dir
    export.export_run(run, tmp_path / "whole")
    check_export(export, run, tmp_path / "half", half=True)
    path = tmp_path / "half" / "generator.onnx"
    whole = (tmp_path / "whole" / "generator.onnx").stat().st_size
    assert path.stat().st_size < 0.6 * whole
    drawn = [
        Generator(tmp_path / name, threads=1).generate(4).astype(int)
        for name in ("whole", "half")
    ]
    assert np.abs(drawn[0] - drawn[1]).max() <= 3


def test_an_incomplete_run_is_named(run_dir, tmp_path):
    run, _ = run_dir
    (run / "config.json").write_text(json.dumps(CONFIG | {"size": 50}))
    with pytest.raises(UserError, match="config.json: `size` must be one of"):
        export.load_generator(run)
    (run / "config.json").write_text(json.dumps(CONFIG | {"channels": 3}))
    with pytest.raises(UserError, match="not the weights of the network"):
        export.load_generator(run)
    (run / "generator.weights.h5").unlink()
    with pytest.raises(UserError, match="no such file"):
        export.load_generator(run)
    with pytest.raises(UserError, match="is not a directory"):
        export.load_generator(tmp_path / "nowhere")
