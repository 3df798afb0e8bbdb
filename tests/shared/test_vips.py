"""libvips logs without calling Python."""

import sys

from shared.vips import pyvips


def test_no_python_code_runs_while_libvips_works():
    called = []
    sys.setprofile(lambda frame, *_: called.append(frame.f_code.co_name))
    pyvips.Image.black(900, 900).resize(0.3).write_to_memory()
    sys.setprofile(None)
    assert "write_to_memory" in called
    assert "_log_handler_callback" not in called
