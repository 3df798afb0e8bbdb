"""Every module has its test where it lies: PKG/a/b.py in tests/PKG/a/test_b.py.

A table says which modules are tested elsewhere, by what, and why.
"""

import pytest

from tests.backends import reach
from tests.mirror_exceptions import EXCEPTIONS
from tests.test_workspace import PACKAGES, ROOT

MODULES = sorted(
    str(path.relative_to(ROOT))
    for package in ("shared", *PACKAGES)
    for path in (ROOT / package).rglob("*.py")
    # Packages' own files hold names; doors to their modules are tested by
    # tests/test_commands.py and tests/shared/test_subcommands.py.
    if path.name not in ("__init__.py", "__main__.py")
)
LISTED = [
    (module, test)
    for tests in EXCEPTIONS.values()
    for test, modules in tests.items()
    for module in modules
]


def mirror(module):
    """Where the test of a module lies."""
    folder, _, name = module.rpartition("/")
    return ROOT / "tests" / folder / f"test_{name}"


@pytest.mark.parametrize("module", MODULES)
def test_a_module_has_its_test_or_says_why_not(module):
    assert mirror(module).is_file() != (module in dict(LISTED)), mirror(module)


@pytest.mark.parametrize(("module", "test"), LISTED)
def test_an_exception_is_of_files_that_meet(module, test):
    assert module in MODULES
    reached = reach(ROOT / "tests" / test)
    assert module.removesuffix(".py").replace("/", ".") in reached


def test_no_module_is_excepted_twice():
    assert len(dict(LISTED)) == len(LISTED)
