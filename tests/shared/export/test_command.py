"""What every export command writes, and what it refuses."""

import json
import types

import keras
import numpy as np
import onnx
import pytest
from absl import flags

from shared.errors import UserError
from shared.export import ExportError, onnx_predictor
from shared.export.command import (
    Part,
    Run,
    define_flags,
    export_and_tell,
    export_run,
    tell,
)
from tests.contracts.exports import check_export

pytestmark = pytest.mark.tensorflow


@pytest.fixture
def run_dir(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    return folder


def read_run(run_dir=None):
    keras.utils.set_random_seed(1)
    numbers = keras.Input((4,), name="numbers")
    wide = keras.layers.Dense(600, "relu")(numbers)
    network = keras.Model(numbers, keras.layers.Dense(2, name="sums")(wide))
    examples = {"numbers": np.float32(np.eye(4)[:3])}
    part = Part(network, {"role": "adder"}, examples)
    return Run("stego", {"adder": part}, {"size": 4})


@pytest.mark.parametrize("half", [False, True])
def test_all_that_is_asked_for_is_written(run_dir, tmp_path, half):
    out = tmp_path / "out"
    found = export_run(read_run, run_dir, out, half=half, litert=True)
    names = {"adder.onnx", "adder.tflite", "adder/1"}
    assert {p.relative_to(out).as_posix() for p in found} == names
    assert json.loads((out / "config.json").read_text()) == {"size": 4}
    again = read_run().parts["adder"].network
    again.set_weights([0 * weights for weights in again.get_weights()])
    again.load_weights(out / "adder.weights.h5")
    numbers = {"numbers": np.float32([[1, 2, 3, 4]])}
    predicted = onnx_predictor(out / "adder.onnx")(numbers)["sums"]
    np.testing.assert_allclose(
        again(numbers["numbers"]), predicted, rtol=1e-3, atol=1e-4
    )
    # Weights that were rounded are not those of the run.
    whole = read_run().parts["adder"].network(numbers["numbers"])
    assert np.array_equal(again(numbers["numbers"]), whole) != half


def test_nothing_of_the_run_is_replaced_and_nothing_else_unasked(
    run_dir, tmp_path
):
    out, options = tmp_path / "out", {"saved_model": False}
    export_run(read_run, run_dir, out, **options)
    assert not (out / "adder").exists()
    with pytest.raises(UserError, match="adder.onnx: exists"):
        export_run(read_run, run_dir, out, **options)
    export_run(read_run, run_dir, out, overwrite=True, **options)
    with pytest.raises(UserError, match="never replaced"):
        export_run(read_run, run_dir, run_dir, overwrite=True)
    assert [path.name for path in run_dir.iterdir()] == ["config.json"]


def test_flags_reach_the_exporter_by_their_old_name_too(
    run_dir, tmp_path, capsys
):
    values = flags.FlagValues()
    define_flags(values)
    out = tmp_path / "out"
    given = [f"--run_dir={run_dir}", f"--save_dir={out}"]
    values(["export", *given, "--nosaved_model", "--test"])
    export_and_tell(read_run, values)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == str(out / "adder.onnx")
    assert lines[1].startswith("  sums: largest difference ")
    assert lines[2] == "all equal on batches of 1 and 3"
    values(["export", *given, "--nosaved_model", "--overwrite"])
    values.test = False
    export_and_tell(read_run, values)
    assert capsys.readouterr().out.splitlines() == [str(out / "adder.onnx")]


def test_an_export_that_differs_is_one_line_for_a_person():
    def differing():
        raise ExportError("adder.onnx: differs")

    with pytest.raises(UserError, match="adder.onnx: differs"):
        tell(differing)


def _leave_a_file(folder):
    (folder / "left.txt").touch()


def _say_more_of_itself(folder):
    proto = onnx.load(folder / "adder.onnx")
    proto.metadata_props[0].value = '{"role": "adder", "bits": 4}'
    onnx.save(proto, folder / "adder.onnx")


def _answer_otherwise(folder):
    proto = onnx.load(folder / "adder.onnx")
    for tensor in proto.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT:
            numbers = 1.01 * onnx.numpy_helper.to_array(tensor)
            tensor.CopyFrom(onnx.numpy_helper.from_array(numbers, tensor.name))
    onnx.save(proto, folder / "adder.onnx")


@pytest.mark.parametrize(
    "damage", [_leave_a_file, _say_more_of_itself, _answer_otherwise]
)
def test_the_contract_of_exports_sees_what_is_wrong(run_dir, tmp_path, damage):
    def damaged(run_dir, save_dir, **options):
        found = export_run(read_run, run_dir, save_dir, **options)
        damage(save_dir)
        return found

    module = types.SimpleNamespace(read_run=read_run, export_run=damaged)
    with pytest.raises((AssertionError, ExportError)):
        check_export(module, run_dir, tmp_path / "out", saved_model=False)
