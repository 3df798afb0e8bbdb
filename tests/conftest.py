"""Settings that every test shares: backend, seeds, what a backend cannot run.

Nothing here imports Keras: the tests of the runtime commands must not depend
on a training framework.
"""

import os
import random
import signal

import hypothesis
import numpy as np
import pytest

import shared  # noqa: F401 (before TensorFlow; see there)
from tests.backends import touches_backend

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
# How long an example takes says how busy the machine is.
hypothesis.settings.register_profile(
    "any_machine",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("any_machine")
# matplotlib must never look for a display.
os.environ.setdefault("MPLBACKEND", "Agg")

# A shell that starts tests in the background has them ignore Ctrl-C, and the
# commands under test would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


OTHERS = pytest.StashKey[int]()


def pytest_addoption(parser):
    parser.addoption(
        "--only-backend",
        action="store_true",
        help="Leave out what touches no backend: it ran on TensorFlow.",
    )


def pytest_collection_modifyitems(config, items):
    """Deselects what another backend cannot run, or need not run again."""
    on_tensorflow = os.environ["KERAS_BACKEND"] == "tensorflow"
    only_backend = config.getoption("only_backend")
    kept, dropped, others = [], [], 0
    for item in items:
        if item.get_closest_marker("tensorflow") and not on_tensorflow:
            dropped.append(item)
        elif only_backend and not touches_backend(item.path):
            dropped.append(item)
            others += 1
        else:
            kept.append(item)
    config.stash[OTHERS] = others
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept


def pytest_sessionfinish(session):
    """A worker of pytest-xdist tells what it left out."""
    if hasattr(session.config, "workeroutput"):
        left = session.config.stash.get(OTHERS, 0)
        session.config.workeroutput["others"] = left


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """Each worker has looked at all tests."""
    output = getattr(node, "workeroutput", {})
    node.config.stash[OTHERS] = output.get("others", 0)


def pytest_terminal_summary(terminalreporter, config):
    others = config.stash.get(OTHERS, 0)
    if others:
        terminalreporter.write_line(
            f"{others} tests touch no backend and ran on TensorFlow"
        )


@pytest.fixture(autouse=True)
def _seeds():
    """Starts each test from the same global random state."""
    random.seed(0)
    np.random.seed(0)


@pytest.fixture
def photo():
    """A drawn photograph-like picture: uint8 RGB [96, 144, 3].

    Smooth light, an edge, and texture, so that blur, JPEG and resizing all
    have something to damage; non-square, so that swapped axes are noticed.
    """
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:96, 0:144].astype(np.float64)
    picture = np.stack(
        [
            90 + 60 * np.sin(x / 23) + 30 * (y > 48),
            120 + 50 * np.cos(y / 17) - 30 * (x > 72),
            100 + 40 * np.sin((x + y) / 31) + 20 * np.sin(x * y / 400),
        ],
        axis=-1,
    )
    picture += rng.normal(0, 6, picture.shape)
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)
