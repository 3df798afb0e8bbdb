"""Models that are missing, broken or of another kind are named."""

import pytest

from agns import api
from shared.errors import UserError


def test_missing_and_broken_models_are_named(tmp_path):
    with pytest.raises(UserError, match="--model=nobody: no such model"):
        api.Recognizer("nobody")
    (tmp_path / "recognizer.onnx").write_bytes(b"no network")
    with pytest.raises(UserError, match="cannot be loaded"):
        api.Recognizer(tmp_path)
