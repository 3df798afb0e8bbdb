"""Rules of the workspace that no linter knows."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from shared import __version__

ROOT = Path(__file__).parent.parent
PACKAGES = ("stegastamp", "stego", "agns", "dcgan", "malicious_ae")
# Every document, by its path in the repository.
READMES = tuple(
    sorted(
        str(path.relative_to(ROOT))
        for place in ("", "docs/**/", *(f"{name}/**/" for name in PACKAGES))
        for path in ROOT.glob(f"{place}*.md")
    )
)


def _files():
    """Every file of the repository, tracked or new, that git would keep."""
    try:
        names = subprocess.run(
            ["git", "ls-files", "-z", "-co", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
            text=True,
        ).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        # A downloaded archive is no git repository; what make builds there
        # is hidden or named here.
        names = [
            str(path.relative_to(ROOT))
            for path in ROOT.rglob("*")
            if not any(
                part.startswith(".") or part in ("runs", "demo_output")
                for part in path.relative_to(ROOT).parts
            )
        ]
    files = [ROOT / name for name in names if name]
    return [path for path in files if path.is_file()]


def _imports(path):
    """Top-level names of everything that a file imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module.split(".")[0])
    return names


def _clocks(text):
    """What a program asks the clock for: imports, limits of time."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module]
        elif isinstance(node, ast.Call):
            names = [
                keyword.arg
                for keyword in node.keywords
                if keyword.arg in ("timeout", "deadline")
                and not (
                    isinstance(keyword.value, ast.Constant)
                    and keyword.value.value is None
                )
            ]
        elif isinstance(node, ast.Attribute):
            names = [node.attr]
        else:
            continue
        clocks = {"time", "timeit", "timeout", "deadline", "alarm", "setitimer"}
        yield from clocks.intersection(names)


def test_no_verdict_depends_on_the_clock():
    # A busy machine takes longer, and must come to the same.
    for path in sorted((ROOT / "tests").rglob("*.py")):
        if path != Path(__file__):
            assert not list(_clocks(path.read_text("utf-8"))), path


@pytest.mark.parametrize(
    ("text", "clocks"),
    [
        ("import time", ["time"]),
        ("def f():\n    from time import sleep", ["time"]),
        ("process.wait(timeout=20)", ["timeout"]),
        ("settings(deadline=200)", ["deadline"]),
        ("settings(deadline=None)", []),
        ("signal.alarm(5)", ["alarm"]),
    ],
)
def test_a_clock_is_seen(text, clocks):
    assert list(_clocks(text)) == clocks


@pytest.mark.parametrize("package", [*PACKAGES, "shared"])
def test_a_package_imports_shared_and_no_sibling(package):
    files = sorted((ROOT / package).rglob("*.py"))
    assert files or package not in ("shared", "stegastamp")
    siblings = set(PACKAGES) - {package}
    for path in files:
        assert not _imports(path) & siblings, path
        assert "tests" not in _imports(path), path


def test_the_import_rule_sees_imports(tmp_path):
    path = tmp_path / "module.py"
    path.write_text("def f():\n    from stego.data import x\n    import a.b\n")
    assert _imports(path) == {"stego", "a"}


def test_importing_the_package_is_cheap():
    code = (
        "import sys, stegastamp\n"
        "print('onnxruntime' in sys.modules)\n"
        "stegastamp.Decoder\n"
        "print('onnxruntime' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout.split() == ["False", "True"], done.stderr


def test_the_repository_stays_small():
    sizes = {path: path.stat().st_size for path in _files()}
    assert len(sizes) > 20
    largest = max(sizes, key=sizes.get)
    assert sizes[largest] < 25_000_000, largest
    assert sum(sizes.values()) < 150_000_000


def test_no_pickles():
    forbidden = {".pkl", ".pickle", ".pt", ".pth", ".ckpt"}
    # Fixtures of the reader that opens such files without unpickling them.
    found = [
        path
        for path in _files()
        if path.suffix in forbidden and "tests" not in path.parts
    ]
    assert found == []


def _pins(name):
    """Package to version, as a requirements file and those in it pin them."""
    pins = {}
    for line in (ROOT / name).read_text("utf-8").splitlines():
        line = line.split("#")[0].strip()
        if line.startswith("-r "):
            pins |= _pins(line[3:].strip())
        elif line:
            package, separator, version = line.partition("==")
            assert separator and re.fullmatch(r"[\d.]+(post\d+)?", version), (
                line
            )
            pins[package.lower()] = version
    return pins


def test_all_requirements_are_pinned():
    runtime = _pins("requirements-runtime.txt")
    everything = _pins("requirements.txt")
    assert runtime.items() <= everything.items()
    assert not {"tensorflow", "keras", "jax"} & set(runtime)
    assert {"tensorflow", "keras", "jax"} <= set(everything)
    assert not set(_pins("requirements-dev.txt")) & set(everything)
    assert _pins("requirements-tfa.txt")["tensorflow-addons"] == "0.23.0"


def test_pins_are_within_what_an_install_allows():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    ranges = project["project"]["dependencies"]
    extras = project["project"]["optional-dependencies"]
    runtime = _pins("requirements-runtime.txt")
    everything = runtime | _pins("requirements.txt")
    everything |= _pins("requirements-dev.txt")
    for pins, wanted in (
        (runtime, ranges),
        (everything, [one for extra in extras.values() for one in extra]),
    ):
        for requirement in map(Requirement, wanted):
            assert pins[requirement.name] in requirement.specifier


def test_every_file_that_tells_a_version_tells_the_same():
    def found(name, pattern):
        return re.search(pattern, (ROOT / name).read_text("utf-8"), re.M)[1]

    assert found("CHANGELOG.md", r"^## ([\d.]+) ") == __version__
    assert found("CITATION.cff", r"^version: (.*)$") == __version__
    ruff = _pins("requirements-dev.txt")["ruff"]
    assert found(".pre-commit-config.yaml", r"rev: v(.*)$") == ruff


def blocks(text):
    """The lines of the fenced blocks without a language, and inline code."""
    for block in re.findall(r"^```\n(.*?)^```$", text, re.M | re.S):
        yield from block.replace("\\\n", " ").splitlines()
    yield from re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)


def test_documented_make_targets_exist():
    targets = set(
        re.findall(r"^(\w[\w-]*):", (ROOT / "Makefile").read_text(), re.M)
    )
    named = set()
    for name in READMES:
        for line in blocks((ROOT / name).read_text("utf-8")):
            named.update(re.findall(r"^make ([\w-]+)", line))
    assert {"demo", "test"} <= named <= targets


@pytest.mark.parametrize("name", READMES)
def test_links_lead_somewhere(name):
    document = ROOT / name
    links = re.findall(r"\]\(([^)\s]+)\)", document.read_text("utf-8"))
    for link in links:
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path) if path else document
        assert target.exists(), link
        if anchor:
            titles = re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.M)
            anchors = [
                re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
                for title in titles
            ]
            assert anchor in anchors, link


def _reads_of_flags(path):
    """Lines outside `main` that read the global flags."""
    tree = ast.parse(path.read_text("utf-8"))
    allowed = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            # `values=flags.FLAGS`: whoever calls it may give others.
            given = [node] if node.name == "main" else [node.args]
            allowed.update(id(x) for part in given for x in ast.walk(part))
        elif isinstance(node, ast.Attribute) and node.attr.startswith("get_"):
            # What --help lists of a command, for its report.
            allowed.update(map(id, ast.walk(node)))
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr == "FLAGS"
        and id(node) not in allowed
    ]


@pytest.mark.parametrize("package", PACKAGES)
def test_flags_are_read_in_main_alone(package):
    """So that everything else can be called without a command line."""
    found = {
        str(path.relative_to(ROOT)): lines
        for path in sorted((ROOT / package).rglob("*.py"))
        if (lines := _reads_of_flags(path))
    }
    assert found == {}
