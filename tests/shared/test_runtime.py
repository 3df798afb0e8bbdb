"""ONNX Runtime sessions: what works, and what each bad model is told."""

import os
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from shared.errors import UserError
from shared.runtime import ExportedNetwork, open_session, read_metadata

SAYS = '{"role": "eye", "width": 3, "height": "tall"}'


def _write(path, **metadata):
    value = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3])
        for name in ("x", "y")
    ]
    graph = helper.make_graph(
        [helper.make_node("Neg", ["x"], ["y"])], "g", value[:1], value[1:]
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10
    )
    helper.set_model_props(model, metadata)
    onnx.save(model, str(path))
    return path


def test_a_session_runs_with_one_thread_and_with_all(tmp_path):
    path = _write(tmp_path / "m.onnx")
    x = np.array([[1, 2, 3]], np.float32)
    for threads in (0, 1):
        session = open_session(path, threads)
        np.testing.assert_array_equal(session.run(None, {"x": x})[0], -x)
        options = session.get_session_options()
        assert options.intra_op_num_threads == threads


def test_a_folder_whose_name_is_no_utf8_is_opened(tmp_path):
    folder = os.fsencode(tmp_path) + b"/mod\xe8le"
    os.mkdir(folder)
    path = Path(os.fsdecode(folder)) / "m.onnx"
    _write(tmp_path / "m.onnx").rename(path)
    x = np.ones((1, 3), np.float32)
    assert open_session(path).run(None, {"x": x})[0].sum() == -3
    path.write_text("no model")
    with pytest.raises(UserError, match="cannot be loaded as an ONNX model"):
        open_session(path)


def test_metadata_is_read(tmp_path):
    path = _write(tmp_path / "m.onnx", thing='{"height": 128}', bad="{", n="3")
    session = open_session(path)
    assert read_metadata(session, "thing") == {"height": 128}
    for key in ("other", "bad", "n"):
        with pytest.raises(UserError, match=f"p.onnx: is no {key} model"):
            read_metadata(session, key, "p.onnx")


def test_a_missing_model_is_named(tmp_path):
    with pytest.raises(UserError, match="none.onnx: no such model file"):
        open_session(tmp_path / "none.onnx")
    with pytest.raises(UserError, match="no such model file"):
        open_session(tmp_path)


@pytest.mark.parametrize("content", [b"", b"not a model", None])
def test_a_corrupt_model_is_one_line(tmp_path, content):
    path = _write(tmp_path / "m.onnx")
    path.write_bytes(path.read_bytes()[:-40] if content is None else content)
    with pytest.raises(UserError, match="m.onnx: cannot be loaded") as caught:
        open_session(path)
    assert "\n" not in str(caught.value)


def test_a_provider_that_is_not_installed_is_refused(tmp_path):
    path = _write(tmp_path / "m.onnx")
    with pytest.raises(ValueError, match="abacus"):
        open_session(path, provider="abacus")
    with pytest.raises(UserError, match="--provider=coreml.*has .*cpu"):
        open_session(path, provider="coreml")
    with pytest.raises(ValueError, match="threads"):
        open_session(path, threads=-1)


def test_an_exported_network_runs_by_the_names_of_its_inputs(tmp_path):
    network = ExportedNetwork(
        _write(tmp_path / "m.onnx", thing=SAYS), "thing", "eye"
    )
    network.check_sizes({"x": (network.value("width", int),)}, (None,))
    x = np.array([[1, 2, 3]], np.float32)
    np.testing.assert_array_equal(network.run(x=x), -x)


def test_an_exported_network_that_is_another_is_refused(tmp_path):
    path = _write(tmp_path / "m.onnx", thing=SAYS, bare="{}")
    with pytest.raises(UserError, match="'eye' where 'ear' is wanted"):
        ExportedNetwork(path, "thing", "ear")
    with pytest.raises(UserError, match="incomplete .`role` is None"):
        ExportedNetwork(path, "bare", "eye")
    network = ExportedNetwork(path, "thing", "eye")
    for key in ("height", "depth"):
        with pytest.raises(UserError, match=f"m.onnx.*incomplete .`{key}`"):
            network.value(key, int)
    with pytest.raises(UserError, match="has the inputs x where y are"):
        network.check_sizes({"y": (3,)}, (3,))
    with pytest.raises(UserError, match="`y` has the size 3 where .* says 4"):
        network.check_sizes({"x": (3,)}, (4,))
    with pytest.raises(UserError, match="`x` has .* 3 where .* says 1 x 3"):
        network.check_sizes({"x": (1, 3)}, (3,))


def test_a_run_that_fails_is_one_line(tmp_path):
    path = _write(tmp_path / "m.onnx", thing=SAYS)
    network = ExportedNetwork(path, "thing", "eye")
    for x in (np.zeros((1, 4), np.float32), np.zeros((1, 3))):
        with pytest.raises(UserError, match="m.onnx: the network f") as caught:
            network.run(x=x)
        assert "\n" not in str(caught.value)
