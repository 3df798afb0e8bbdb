"""The demo's folder: its own pictures are replaced, others are not."""

import pytest

from agns import demo
from shared.errors import UserError


def test_a_demo_replaces_a_demo_and_nothing_else(tmp_path):
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "glasses.png").write_bytes(b"mine")
    with pytest.raises(UserError, match="glasses.png: exists; .*--overwrite"):
        demo.mark_folder(folder, overwrite=False)
    (folder / "glasses.png").unlink()
    demo.mark_folder(folder, overwrite=False)
    (folder / "glasses.png").write_bytes(b"of a demo")
    demo.mark_folder(folder, overwrite=False)
