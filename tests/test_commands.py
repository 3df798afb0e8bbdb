"""Every command of the tree: its help, its flags, one line for a bad call."""

import re

import pytest

from tests.contracts.commands import answers, check_command
from tests.imports import own_files
from tests.test_workspace import PACKAGES, READMES, ROOT, blocks

FILES = own_files(ROOT, (*PACKAGES, "shared", "benchmarks"))
COMMANDS = [
    name
    for name, path in FILES.items()
    if path.name != "__main__.py"
    and '\nif __name__ == "__main__":' in path.read_text("utf-8")
]
MODULE = re.compile(
    rf"python -m ((?:shared|benchmarks|{'|'.join(PACKAGES)})\.\w+)(.*)"
)
# `stegastamp encode --image ...`, as `shared.subcommands` runs it.
CONSOLE = re.compile(
    rf"^(?:python -m )?({'|'.join(PACKAGES).replace('_', '[-_]')})"
    r" ([a-z]\w*(?:-\w+)*)( .*|)$"
)

# What --save_dir was called by the commands that had another name for it.
EARLIER = {
    "agns.demo": "output_dir",
    "agns.evaluate": "report_dir",
    "agns.export": "output_dir",
    "agns.realism": "report_dir",
    "benchmarks.first_gates": "output_dir",
    "dcgan.classifier": "output_dir",
    "dcgan.evaluate": "report_dir",
    "dcgan.export": "output_dir",
    "dcgan.train_classifier": "output_dir",
    "malicious_ae.evaluate": "report_dir",
    "malicious_ae.export": "output_dir",
    "stegastamp.demo": "output_dir",
    "stegastamp.evaluate": "report_dir",
    "stegastamp.export": "output_dir",
    "stego.evaluate": "report_dir",
    "stego.export": "output_dir",
}


def find_command(line):
    """(module, its arguments) of a line that runs a command of ours."""
    if match := MODULE.search(line):
        return match[1], match[2]
    if match := CONSOLE.search(line):
        package, name = (part.replace("-", "_") for part in match.groups()[:2])
        return f"{package}.{name}", match[3]
    return None


def _documented():
    """(document, module, arguments) of each command that a document names."""
    for name in READMES:
        for line in blocks((ROOT / name).read_text("utf-8")):
            if found := find_command(line):
                yield name, *found


@pytest.fixture(scope="module")
def answered():
    return answers(COMMANDS)


# Half of these commands import TensorFlow; once is enough.
@pytest.mark.slow
@pytest.mark.tensorflow
@pytest.mark.parametrize("module", COMMANDS)
def test_a_command_helps_and_refuses_what_it_does_not_know(answered, module):
    known = check_command(module, *answered[module])
    # Its --help lists every flag that a document gives it.
    for name, documented, arguments in _documented():
        if documented == module:
            given = set(re.findall(r"(?<=\s)--(\w+)", arguments))
            assert given <= known, (name, given - known)


@pytest.mark.slow
@pytest.mark.tensorflow
@pytest.mark.parametrize("module", COMMANDS)
def test_results_go_to_save_dir_whatever_it_was_called(answered, module):
    _, help_text, _ = answered[module][0]
    listed = re.findall(r"^ +--(\w+): *(.*)$", help_text, re.M)
    names = {name for name, _ in listed} & {"output_dir", "report_dir"}
    assert names == {EARLIER[module]} if module in EARLIER else not names
    for name in names:
        assert (name, "Alias for --save_dir.") in listed


@pytest.mark.parametrize("module", sorted({m for _, m, _ in _documented()}))
def test_documented_commands_exist(module):
    assert module in COMMANDS


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("python -m stego.encode --text=x", ("stego.encode", " --text=x")),
        ("stego encode --text=x", ("stego.encode", " --text=x")),
        ("python -m stego encode --text=x", ("stego.encode", " --text=x")),
        (
            "malicious-ae train-victim --flip",
            ("malicious_ae.train_victim", " --flip"),
        ),
        ("stegastamp nothing", ("stegastamp.nothing", "")),
        ("stegastamp --help", None),
        ("stegastamp COMMAND --help", None),
        ("stegastamp/", None),
        ("the stego encode", None),
    ],
)
def test_a_command_is_found_in_a_document(line, found):
    assert find_command(line) == found
