"""Which test modules touch a backend: by what they import, however deep.

Followed are the imports of this repository's own modules, those inside
functions too; the modules that strings name, because tests run them as
commands; and the imports of programs that stand in strings.
"""

import ast
import functools
import importlib.util
import pathlib
import re

ROOT = pathlib.Path(__file__).parents[1]
BACKENDS = {"keras", "tensorflow", "jax", "tf2onnx"}
_PROGRAM = re.compile(
    r"^\s*(?:from\s+([\w.]+)\s+)?import\s+(\w[\w., ]*)", re.MULTILINE
)


def touches_backend(path, root=ROOT) -> bool:
    """Whether a test module can come to a backend.

    Args:
        path: The module's file, below `root`.
        root: The repository.
    """
    return any(name.split(".")[0] in BACKENDS for name in reach(path, root))


def reach(path, root=ROOT) -> set[str]:
    """Names of all modules that a test module can come to, and of their parts.

    Args:
        path: The module's file, below `root`.
        root: The repository.
    """
    names, strings = set(), set()
    new = _with_conftests(_name(path, root), root)
    while new:
        names |= new
        mentioned = [_mentions(root, name) for name in new]
        strings.update(*(said for _, said in mentioned))
        # `run("encode")` of tests that begin commands with "stegastamp.".
        new = {
            name
            for name in _commands(root)
            if strings.issuperset(re.split(r"(?<=\.)(?=\w+$)", name))
        }
        new.update(*(imported for imported, _ in mentioned))
        new -= names
    return names


def _name(path, root):
    return ".".join(pathlib.Path(path).relative_to(root).with_suffix("").parts)


def _with_conftests(name, root):
    """A test module with those conftests whose fixtures it asks for."""
    asked = {
        argument.arg
        for node in ast.walk(_tree(root, name))
        if isinstance(node, ast.FunctionDef)
        for argument in node.args.args
    }
    found = {name}
    parts = name.split(".")[:-1]
    for count in range(1, len(parts) + 1):
        conftest = ".".join([*parts[:count], "conftest"])
        if conftest in _files(root) and asked & {
            node.name
            for node in _tree(root, conftest).body
            if isinstance(node, ast.FunctionDef)
        }:
            found.add(conftest)
    return found


@functools.cache
def _files(root):
    """The files of our modules, by the modules' names."""
    files = {}
    for package in root.glob("*/__init__.py"):
        for path in package.parent.rglob("*.py"):
            files[_name(path, root).removesuffix(".__init__")] = path
    return files


@functools.cache
def _commands(root):
    """Our modules that Python can run, but for the doors to all of them."""
    return [
        name
        for name, path in _files(root).items()
        if path.name != "__main__.py" and "__main__" in path.read_text()
    ]


@functools.cache
def _tree(root, name):
    return ast.parse(_files(root)[name].read_text("utf-8"))


@functools.cache
def _mentions(root, name):
    """What a module of ours imports or names, and its other strings."""
    if name not in _files(root):
        return set(), set()
    imported, strings = set(), set()
    for node in ast.walk(_tree(root, name)):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            start = "." * node.level + (node.module or "")
            if node.level:
                here = _files(root)[name].name == "__init__.py"
                package = name if here else name.rpartition(".")[0]
                start = importlib.util.resolve_name(start, package)
            imported |= {f"{start}.{each.name}" for each in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            strings.add(node.value)
    for program in strings:
        for start, rest in _PROGRAM.findall(program):
            listed = re.split(r"[\s,]+", rest)
            imported |= {f"{start}.{each}".strip(".") for each in listed}
    # The name of a package alone is a word.
    imported |= {s for s in strings & _files(root).keys() if "." in s}
    # A module runs the packages that it is in.
    for each in [*imported, name]:
        parts = each.split(".")
        imported |= {".".join(parts[:count]) for count in range(1, len(parts))}
    return imported, strings
