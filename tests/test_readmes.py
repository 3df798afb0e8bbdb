"""What a reader of the documents meets: short READMEs, Python that runs."""

import re
import shutil

import pytest

from tests.test_workspace import PACKAGES, READMES, ROOT

PHOTO = ROOT / "stegastamp/assets/macaws.jpg"
FACES = ROOT / "agns/assets/faces"
# What trains needs Keras and time.
TRAINING = re.compile(r"\.train|shared\.training")


SNIPPETS = [
    pytest.param(block, id=name)
    for name in READMES
    for block in re.findall(
        r"^```python\n(.*?)^```$",
        (ROOT / name).read_text("utf-8"),
        re.M | re.S,
    )
    if not TRAINING.search(block)
]


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
