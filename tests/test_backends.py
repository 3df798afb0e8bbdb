"""The rule that spares a backend the tests which another has run."""

import pytest

from tests.backends import ROOT, touches_backend

# A small repository: what its modules hold, by their files.
MODULES = {
    "ours/__init__.py": "",
    "ours/trains.py": "import keras",
    "ours/asks.py": "def f():\n    from ours.trains import g\n    g()",
    "ours/reads.py": "import numpy\nfrom ours import plain",
    "ours/plain.py": "",
    "ours/train.py": 'import keras\nif __name__ == "__main__":\n    f()',
    "ours/show.py": 'import numpy\nif __name__ == "__main__":\n    f()',
    "ours/near.py": "from . import trains",
    "heavy/__init__.py": "import jax",
    "heavy/data.py": "",
    "tests/__init__.py": "",
    "tests/conftest.py": "",
    "tests/run.py": 'def run(name):\n    return f"ours.{name}"',
    "tests/ours/__init__.py": "",
    "tests/ours/conftest.py": "import keras\n\n\ndef trained():\n    pass",
}


@pytest.mark.parametrize(
    ("text", "touches"),
    [
        ("import numpy\nfrom ours.reads import x", False),
        ("from ours import asks", True),
        ("def test():\n    import ours.asks", True),
        ("import ours.near", True),
        ("def test():\n    import tensorflow as tf", True),
        # A package runs before its module.
        ("import heavy.data", True),
        # Fixtures that are asked for, and others.
        ("def test(trained):\n    pass", True),
        ("def test(tmp_path):\n    pass", False),
        # Commands.
        ('run("ours.train")', True),
        ('run("ours.show")', False),
        ('from tests.run import run\nrun("train")', True),
        ('from tests.run import run\nrun("show")', False),
        # `ours.trains` is no command.
        ('from tests.run import run\nrun("trains")', False),
        # Programs.
        ('"""\nimport os, keras\n"""', True),
        ('"from ours import asks; print(asks)"', True),
        ('"""\nimport os\n"""', False),
        # Words.
        ('"""Nothing here imports keras."""', False),
    ],
)
def test_what_a_test_reaches_is_found(tmp_path, text, touches):
    for name, content in MODULES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    path = tmp_path / "tests" / "ours" / "test_it.py"
    path.write_text(text)
    assert touches_backend(path, tmp_path) is touches


def test_it_tells_our_own_tests_apart():
    tests = ROOT / "tests"
    assert not touches_backend(tests / "shared" / "test_images.py")
    assert not touches_backend(tests / "stegastamp" / "test_encode.py")
    assert touches_backend(tests / "shared" / "ops" / "test_warp.py")
    assert touches_backend(tests / "stegastamp" / "test_train.py")
