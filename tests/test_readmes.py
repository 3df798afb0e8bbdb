"""What a reader of the documents meets: short READMEs, Python that runs."""

import ast
import inspect
import re
import shutil

import pytest

from tests.test_workspace import PACKAGES, READMES, ROOT

PHOTO = ROOT / "stegastamp/assets/macaws.jpg"
FACES = ROOT / "agns/assets/faces"
# What trains needs Keras and time.
TRAINING = re.compile(r"\.train|shared\.training")


BLOCKS = [
    pytest.param(block, id=name)
    for name in READMES
    for block in re.findall(
        r"^```python\n(.*?)^```$",
        (ROOT / name).read_text("utf-8"),
        re.M | re.S,
    )
]
TRAININGS = [b for b in BLOCKS if TRAINING.search(b.values[0])]
SNIPPETS = [b for b in BLOCKS if b not in TRAININGS]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_readme_is_short_and_shows_the_package(package):
    text = (ROOT / package / "README.md").read_text("utf-8")
    assert len(text.splitlines()) <= 130
    assert "![" in text
    # What is measured, and what was tried, have pages of their own.
    for place in ("measured", "notebook"):
        assert f"(../docs/{place}/{package}.md" in text


@pytest.mark.parametrize("name", ["README.md", *PACKAGES])
def test_a_readme_has_python_that_runs_here(name):
    name = name if name in READMES else f"{name}/README.md"
    assert name in [snippet.id for snippet in SNIPPETS]


@pytest.mark.parametrize("block", SNIPPETS)
def test_python_in_the_documents_runs(block, tmp_path, monkeypatch, capsys):
    for photo in ("photo.jpg", "street.jpg"):
        shutil.copy(PHOTO, tmp_path / photo)
    (tmp_path / "faces").symlink_to(FACES)
    monkeypatch.chdir(tmp_path)
    exec(block, {})
    # A comment behind a print says what it prints.
    said = re.findall(r"^print\(.*\)  # (.*)$", block, re.M)
    printed = capsys.readouterr().out.splitlines()
    assert [line for line in printed if line in said] == said


def test_each_package_shows_how_to_train_it():
    shown = {training.id for training in TRAININGS}
    assert {f"{package}/README.md" for package in PACKAGES} <= shown


def _calls(block, name):
    """The calls in a block of what is named so, such as `train`."""
    return [
        node
        for node in ast.walk(ast.parse(block))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == name
    ]


# They take hours and data: what they import, choose and hand over is right.
@pytest.mark.slow
@pytest.mark.tensorflow
@pytest.mark.parametrize("block", TRAININGS)
def test_trainings_in_the_documents_could_begin(block):
    names = {}
    for line in re.findall(r"^(?:from|import) .*$", block, re.M):
        exec(line, names)
    for call in _calls(block, "SETTINGS.choose"):
        assert eval(ast.unparse(call), names)
    for call in _calls(block, "RunOptions"):
        assert eval(ast.unparse(call), names).run_dir
    (call,) = _calls(block, "train")
    handed = {keyword.arg: None for keyword in call.keywords}
    inspect.signature(names["train"]).bind(*call.args, **handed)
