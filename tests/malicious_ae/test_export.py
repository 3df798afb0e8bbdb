"""Victim and attacker answer in every runtime as in Keras."""

import json

import pytest

from malicious_ae import export, models
from malicious_ae.api import Attacker, Segmenter
from malicious_ae.networks import build_attacker
from tests.contracts.exports import check_export
from tests.malicious_ae.train_cases import build_small

pytestmark = pytest.mark.tensorflow

HEIGHT, WIDTH, CLASSES = 32, 48, 12


@pytest.fixture(params=["enet", "attacker"])
def run_dir(request, tmp_path, monkeypatch):
    """A run as a training leaves it, untrained."""
    folder = tmp_path / request.param
    folder.mkdir()
    config = {"dataset": "camvid", "height": HEIGHT, "width": WIDTH}
    if request.param == "enet":
        monkeypatch.setattr(models, "build_enet", build_small)
        config |= {"kind": "enet"}
        network = build_small(HEIGHT, WIDTH, CLASSES)
    else:
        config |= dict(kind="reference", bound="psnr", epsilon=0.1)
        config |= dict(min_psnr=20.0)
        network = build_attacker("reference", HEIGHT, WIDTH, "psnr", 0.1, 20.0)
    network.save_weights(folder / f"{request.param}.weights.h5")
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.slow
def test_all_runtimes_answer_as_keras_does(run_dir, tmp_path):
    out = tmp_path / "out"
    run = check_export(export, run_dir, out, litert=True)
    assert set(run.served) == {"malicious_ae"}
    if run_dir.name == "enet":
        assert run.parts["enet"].decisions
        opened = Segmenter(out, threads=1)
    else:
        assert not run.parts["attacker"].decisions
        opened = Attacker(out, threads=1)
    assert opened.classes.count == CLASSES
