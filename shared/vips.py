"""libvips, with no Python in the way of Ctrl-C.

pyvips hands every line that libvips logs to Python's logging. An interrupt that
comes while libvips works would end that callback, where nobody hears of it, and
not the command. Import pyvips from here.
"""

import os

# What is wrong with a photo, we say in one line ourselves; so libvips, which is
# loaded with pyvips, keeps its warnings off stderr.
os.environ.setdefault("VIPS_WARNING", "0")

import pyvips  # noqa: E402

pyvips._remove_log_handler()

__all__ = ["pyvips"]
