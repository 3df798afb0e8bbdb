"""What our modules import as they are imported, read from the tree.

Nothing is imported here: an import inside a function does not count, nor one
for a type checker.
"""

import ast
import importlib.util


def own_files(root, packages):
    """The files of our modules.

    Args:
        root: The repository.
        packages: Names of the folders in it that are packages.

    Returns:
        Dictionary from a module's name to its path.
    """
    files = {}
    for package in packages:
        for path in sorted((root / package).rglob("*.py")):
            name = ".".join(path.relative_to(root).with_suffix("").parts)
            files[name.removesuffix(".__init__")] = path
    return files


def _at_once(body):
    """The import statements that run with a module."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(
            node.test
        ):
            yield from _at_once(node.orelse)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for field in ("body", "orelse", "finalbody", "handlers"):
                yield from _at_once(getattr(node, field, []))


def _with_parents(name):
    parts = name.split(".")
    return {".".join(parts[: count + 1]) for count in range(len(parts))}


def imports_of(name, text, package=False):
    """Everything that a module imports as it is imported.

    Args:
        name: The module's.
        text: Its source.
        package: Whether it is the `__init__` of a package.

    Returns:
        Set of names: modules, the packages that they are in, and what is
        taken from them, which may be modules, too.
    """
    names = _with_parents(name) - {name}
    for node in _at_once(ast.parse(text).body):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        else:
            start = "." * node.level + (node.module or "")
            if node.level:
                here = name if package else name.rpartition(".")[0]
                start = importlib.util.resolve_name(start, here)
            found = [f"{start}.{alias.name}" for alias in node.names]
        names.update(*map(_with_parents, found))
    return names


def import_graph(files):
    """`imports_of` each of the modules of `own_files`."""
    return {
        name: imports_of(
            name, path.read_text("utf-8"), path.name == "__init__.py"
        )
        for name, path in files.items()
    }


def reach(graph, roots):
    """What importing the roots imports, however deep.

    Args:
        graph: Dictionary from our modules to what each imports.
        roots: Names of modules.

    Returns:
        Dictionary from each name that is reached to the one that it is
        imported by; None for a root.
    """
    found = dict.fromkeys(roots)
    new = list(found)
    while new:
        name = new.pop()
        for imported in sorted(graph.get(name, ())):
            if imported not in found:
                found[imported] = name
                new.append(imported)
    return found


def way_to(found, name):
    """The names from a root to one that `reach` found, in order."""
    way = [name]
    while found[way[0]] is not None:
        way.insert(0, found[way[0]])
    return way
