"""A model is found by its name or its folder, or those that ship are named."""

import pytest

from shared.errors import UserError
from shared.model_dir import find_model, hash_file


def test_names_come_before_folders(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shipped = tmp_path / "weights"
    for folder in (shipped / "small", tmp_path / "small", tmp_path / "mine"):
        folder.mkdir(parents=True)
    assert find_model("small", shipped, ["a.onnx"]) == shipped / "small"
    assert find_model("mine", shipped, ["a.onnx"]).samefile(tmp_path / "mine")


def test_what_is_missing_is_named_by_its_flag(tmp_path):
    for name in ("small", "large"):
        (tmp_path / name).mkdir()
    with pytest.raises(
        UserError,
        match=r"--victim=no: no such model.* a\.onnx and b\.onnx.*large, small",
    ):
        find_model("no", tmp_path, ["a.onnx", "b.onnx"], "victim")
    with pytest.raises(UserError, match="none shipped"):
        find_model("no", tmp_path / "nowhere", ["a.onnx"])


def test_a_file_is_known_by_its_hash(tmp_path):
    path = tmp_path / "a.onnx"
    path.write_bytes(b"abc")
    # FIPS 180-2, appendix B.1.
    assert hash_file(path) == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
