"""Glasses by a seed, into files."""

import pytest

from agns import generate
from agns.frames import load_frames
from shared.errors import UserError


def test_generate_writes_the_same_glasses_for_a_seed(tmp_path):
    values = generate.flags.FlagValues()
    generate.define_flags(values)
    values(["generate", f"--save_dir={tmp_path}"])
    values.count = 3
    values.print_sheets = True
    assert generate.main([], values) == 0
    first = (tmp_path / "frames" / "glasses_0001.png").read_bytes()
    assert (tmp_path / "print_0002.png").exists()
    assert (tmp_path / "grid.png").exists()
    # Nothing but frames lies where a defended training looks for them.
    assert load_frames(tmp_path / "frames").shape == (3, 64, 176, 3)
    values.count = 2
    with pytest.raises(UserError, match="grid.png: exists"):
        generate.main([], values)
    (tmp_path / "grid.png").unlink()
    with pytest.raises(UserError, match="glasses_0000.png: exists"):
        generate.main([], values)
    values.overwrite = True
    assert generate.main([], values) == 0
    assert (tmp_path / "frames" / "glasses_0001.png").read_bytes() == first
