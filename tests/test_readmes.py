"""What a reader of the documents meets: Python that runs."""

import re
import shutil

import pytest

from tests.test_workspace import READMES, ROOT

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
