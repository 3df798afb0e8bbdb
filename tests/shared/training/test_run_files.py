"""What a run left is read, or said to be missing, broken or another's."""

import keras
import pytest

from shared.errors import UserError
from shared.training.run_files import building, load_weights, read_config


def test_only_the_values_that_are_asked_for_are_read(tmp_path):
    (tmp_path / "config.json").write_text('{"size": 3, "name": "a", "x": 1}')
    assert read_config(tmp_path, {"size": int}) == {"size": 3}
    earlier = {"bound": 0.5}
    types = {"name": str, "bound": float}
    found = read_config(tmp_path, types, earlier.__or__)
    assert found == {"name": "a", "bound": 0.5}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "--run_dir: .* holds no config.json"),
        ("{", "config.json: not JSON"),
        ("[]", "config.json: not a JSON object"),
        ("{}", "`size` must be of type int, not None"),
        ('{"size": true}', "`size` must be of type int, not True"),
    ],
)
def test_a_broken_configuration_is_named(tmp_path, content, words):
    if content:
        (tmp_path / "config.json").write_text(content)
    with pytest.raises(UserError, match=words):
        read_config(tmp_path, {"size": int})
    with pytest.raises(UserError, match="--run_dir: .* is not a directory"):
        read_config(tmp_path / "no", {"size": int})


def test_what_cannot_be_built_is_the_configurations_fault(tmp_path):
    with (
        pytest.raises(UserError, match="config.json: too small"),
        building(tmp_path, "mixed_bfloat16"),
    ):
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
        raise ValueError("too small")
    assert keras.config.dtype_policy().name == "float32"


def test_weights_of_another_network_are_refused(tmp_path):
    path = tmp_path / "a.weights.h5"
    networks = [
        keras.Sequential([keras.Input((2,)), keras.layers.Dense(units)])
        for units in (3, 4)
    ]
    with pytest.raises(UserError, match="no such file; train on"):
        load_weights(networks[0], path)
    networks[0].save_weights(path)
    load_weights(networks[0], path)
    with pytest.raises(UserError, match="not the weights of the network"):
        load_weights(networks[1], path)
    path.write_bytes(b"nothing")
    with pytest.raises(UserError, match="not the weights of the network"):
        load_weights(networks[0], path)
