"""Exports equal the networks and carry what using them takes."""

import json

import pytest

from shared.errors import UserError
from shared.images import read_photo
from stego import api, export
from stego.game import ARCHITECTURES
from tests.contracts.exports import check_export
from tests.stego.commands import PHOTO

pytestmark = pytest.mark.tensorflow


@pytest.fixture
def run_dir(tmp_path):
    """A run directory as a training leaves it, untrained."""

    def make(architecture, msg_len=64):
        folder = tmp_path / architecture
        folder.mkdir()
        build = ARCHITECTURES[architecture]
        for network in (
            build.build_alice(32, msg_len),
            build.build_bob(32, msg_len),
            build.build_eve(32),
        ):
            network.save_weights(folder / f"{network.name}.weights.h5")
        config = {
            "architecture": architecture,
            "output_size": 32,
            "msg_len": msg_len,
            "preset": "modern",
        }
        (folder / "config.json").write_text(json.dumps(config))
        return folder

    return make


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_player_is_exported_and_compared(run_dir, architecture, tmp_path):
    run = check_export(export, run_dir(architecture), tmp_path / "out")
    assert set(run.parts) == {"alice", "bob", "eve"}
    for player in run.parts:
        network = api.Network(player, tmp_path / "out", threads=1)
        assert (network.output_size, network.msg_len) == (32, 64)


def test_one_training_serves_another_payload(run_dir, tmp_path):
    export.export_run(run_dir("phase"), tmp_path / "out", msg_len=512)
    encoder = api.Encoder(tmp_path / "out", threads=1)
    pixels = read_photo(PHOTO).pixels
    assert encoder.capacity(pixels) > 3.5 * api.Encoder().capacity(pixels)
    text = "x" * encoder.capacity(pixels)
    image = encoder.encode(pixels, text.encode()).image
    assert encoder.decoder.decode(image).text == text


def test_other_payloads_need_the_phase_networks(run_dir):
    with pytest.raises(UserError, match="not the weights of the network"):
        export.load_networks(run_dir("residual"), msg_len=512)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"architecture": "cubist"}, "cubist"),
        ({"output_size": 40}, "multiple of 16"),
        ({"msg_len": "many"}, "msg_len"),
    ],
)
def test_a_broken_config_is_named(run_dir, change, words):
    folder = run_dir("phase")
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(UserError, match=words):
        export.load_networks(folder)


def test_a_missing_player_is_named(run_dir):
    folder = run_dir("phase")
    (folder / "eve.weights.h5").unlink()
    with pytest.raises(UserError, match="eve.weights.h5: no such file"):
        export.load_networks(folder)
