"""Both trainings as functions: no flags, and what a run may go on with."""

import json

import numpy as np
import pytest

from malicious_ae import models, train_attacker, train_victim
from malicious_ae.data import Frames
from shared.errors import UserError
from shared.training import RunOptions, load_weights
from tests.malicious_ae.conftest import write_camvid
from tests.malicious_ae.train_cases import build_small
from tests.training import read_curve

SIZE = (16, 24)


def choose_victim(**changes):
    return train_victim.SETTINGS.choose(batch_size=2, **changes)


@pytest.fixture(scope="module", autouse=True)
def _small_network():
    """ENet takes a minute to compile."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (train_victim, models):
            patch.setattr(module, "build_enet", build_small)
        yield


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    """Two frames to learn from and one to validate."""
    root = tmp_path_factory.mktemp("data") / "camvid"
    write_camvid(root, {"train": 2, "val": 1}, *SIZE)
    return [Frames("camvid", root, split, *SIZE) for split in ("train", "val")]


@pytest.fixture(scope="module")
def victim(frames, tmp_path_factory):
    """The run directory of a victim that has learned for one epoch."""
    run_dir = tmp_path_factory.mktemp("runs") / "victim"
    train_victim.train(RunOptions(run_dir), choose_victim(epochs=1), *frames)
    return run_dir


def learned(run_dir):
    """What the network has learned by its last epoch, as arrays."""
    network = build_small(*SIZE, 12)
    load_weights(network, run_dir / "enet.weights.h5")
    return network.get_weights(), [v.trainable for v in network.weights]


@pytest.mark.slow
def test_a_victim_and_an_attacker_train_from_python(frames, victim, tmp_path):
    assert len(read_curve(victim, "epoch", "val_miou")) == 1

    settings = train_attacker.SETTINGS.choose(
        "affine", victim=str(victim), epochs=1, batch_size=2
    )
    train_attacker.train(RunOptions(tmp_path), settings, *frames)
    assert len(read_curve(tmp_path, "attacker_loss", "val_miou")) == 1
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["kind"] == "reference" and config["preset"] == "affine"
    assert (config["height"], config["crop_width"]) == SIZE


@pytest.mark.slow
def test_a_run_goes_on_with_another_rate_and_no_other_weighing(frames, victim):
    options = RunOptions(victim)
    config = (victim / "config.json").read_text()
    for changes in (
        {"weighing": "mfb"},
        {"flip": True},
        {"crop_height": 8},
        {"ignore_unlabeled": False},
    ):
        with pytest.raises(UserError, match=f"another {min(changes)};"):
            train_victim.train(
                options, choose_victim(epochs=2, **changes), *frames
            )
    assert (victim / "config.json").read_text() == config

    before, trained = learned(victim)
    train_victim.train(
        options,
        choose_victim(epochs=2, learning_rate=0.0, workers=2),
        *frames,
    )
    assert len(read_curve(victim, "epoch")) == 2
    # At a rate of 0 nothing moves but the statistics of normalization.
    stands = [
        np.array_equal(old, new)
        for old, new in zip(before, learned(victim)[0], strict=True)
    ]
    assert stands == trained
