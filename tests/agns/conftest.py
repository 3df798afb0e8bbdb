"""Runs of the real networks, untrained."""

import pytest

from agns import networks
from agns.networks import (
    build_discriminator,
    build_generator,
    build_recognizer,
)
from tests.agns import small, tiny


@pytest.fixture(scope="session")
def eyeglass_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("eyeglasses")
    for network in (build_generator(), build_discriminator()):
        network.save_weights(folder / f"{network.name}.weights.h5")
    tiny.write_config(folder, minibatch=True, seed=0)
    return folder


@pytest.fixture(scope="session")
def recognizer_run(tmp_path_factory):
    return write_recognizer(tmp_path_factory.mktemp("runs") / "recognizer")


def write_recognizer(folder):
    """Writes a run which knows `tiny.PEOPLE`, and returns its folder."""
    folder.mkdir()
    network = build_recognizer("openface", len(tiny.PEOPLE))
    network.save_weights(folder / "recognizer.weights.h5")
    tiny.write_config(
        folder, architecture="openface", people=tiny.PEOPLE, size=96, seed=0
    )
    return folder


@pytest.fixture
def small_run(tmp_path, monkeypatch):
    """A recogniser's run with a small network in OpenFace's place."""
    monkeypatch.setattr(networks, "build_openface_base", small.build_base)
    return write_recognizer(tmp_path / "recognizer")


def attack_flags(recognizer_run, eyeglass_run, *more):
    """A command line of an attack of four steps."""
    return (
        f"--recognizer={recognizer_run}",
        f"--model={eyeglass_run}",
        "--steps=4",
        "--check_every=2",
        "--batch_size=2",
        *more,
    )
