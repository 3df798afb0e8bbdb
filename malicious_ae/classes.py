"""The classes of a data set: names, colours, and how its files encode them.

They are read from JSON files, those that ship (`assets/NAME.json`) and a
user's own:

    {"name": "rooms", "label_suffix": "_labels", "classes": [
      {"name": "floor", "color": [90, 60, 30]},
      {"name": "wall", "color": [200, 200, 200], "ids": [1, 2],
       "colors": [[190, 190, 190]]},
      {"name": "unlabeled", "color": [0, 0, 0], "ids": [255], "ignored": true}
    ]}

A class is drawn in its `color`. In label maps it is that colour, one of
`colors`, or one of `ids`; without `ids`, its place in the list. The class that
is `ignored` is what nobody labelled; where none is named, one without ids is
added, black unless a class is. `label_suffix` ends the names of label maps, in
some data sets.
"""

import dataclasses
import json
from pathlib import Path

import numpy as np

from shared.errors import UserError

ASSETS = Path(__file__).parent / "assets"
UNLABELED = "unlabeled"
# Labels are kept in 8 bits, of which 255 means none at all.
MOST_CLASSES = 255
_KEYS = ("name", "label_suffix", "classes")
_CLASS_KEYS = ("name", "color", "ids", "colors", "ignored")


@dataclasses.dataclass(frozen=True)
class ClassList:
    """What a data set's label maps mean.

    Attributes:
        name: Name of the data set.
        names: Class names; a class's index is its place.
        colors: uint8 RGB of each class.
        unlabeled: Index of the class of pixels that nobody labelled.
        codes: Class index by value in an 8-bit label file, where -1 is 255.
        aliases: Class index by a colour that is read as that class too.
        label_suffix: End of label maps' names, without the format.
    """

    name: str
    names: tuple[str, ...]
    colors: tuple[tuple[int, int, int], ...]
    unlabeled: int
    codes: dict[int, int]
    aliases: dict[tuple[int, int, int], int]
    label_suffix: str = ""

    @property
    def count(self) -> int:
        """Number of classes, unlabelled included."""
        return len(self.names)

    @property
    def palette(self) -> np.ndarray:
        """uint8 [count, 3]."""
        return np.array(self.colors, np.uint8)

    @property
    def record(self) -> dict:
        """The same as the JSON value that `from_record` reads."""
        entries = []
        for index, (name, color) in enumerate(
            zip(self.names, self.colors, strict=True)
        ):
            entry = {"name": name, "color": list(color)}
            entry["ids"] = [k for k, i in self.codes.items() if i == index]
            others = [list(c) for c, i in self.aliases.items() if i == index]
            if others:
                entry["colors"] = others
            if index == self.unlabeled:
                entry["ignored"] = True
            entries.append(entry)
        return {
            "name": self.name,
            "label_suffix": self.label_suffix,
            "classes": entries,
        }

    def index(self, name: str) -> int:
        """Index of a class.

        Raises:
            ValueError: If there is none of this name.
        """
        if name not in self.names:
            raise ValueError(
                f"no class {name!r}; classes are {', '.join(self.names)}"
            )
        return self.names.index(name)


def _integers(values, low, high, count=None):
    """A tuple of integers out of JSON.

    Raises:
        ValueError: If they are others, or of another number.
    """
    if not isinstance(values, list) or count not in (None, len(values)):
        raise ValueError(f"{values!r} is no list of {count or 'some'} numbers")
    for value in values:
        if type(value) is not int or not low <= value <= high:
            raise ValueError(f"{value!r} is no number from {low} to {high}")
    return tuple(values)


def _check_keys(record, known):
    """Refuses keys that would be left unread, such as a misspelt one.

    Raises:
        ValueError: Naming the first.
    """
    for key in record:
        if key not in known:
            raise ValueError(f"{key!r} is none of {', '.join(known)}")


def _own_color(colors, aliases):
    """Black, or where that means a class, the nearest that means none."""
    taken = {*colors, *aliases}
    # Not a gray one: three equal channels may be ids.
    return next(
        color
        for color in ((0, 0, blue) for blue in range(256))
        if color not in taken
    )


def from_record(record) -> ClassList:
    """Reads a class list out of JSON; the module's docstring says the form.

    Args:
        record: What `json.loads` gives.

    Raises:
        ValueError: Saying what is wrong with it.
    """
    entries = record.get("classes") if isinstance(record, dict) else None
    if not isinstance(entries, list) or not entries:
        raise ValueError('it holds no list "classes"')
    _check_keys(record, _KEYS)
    names, colors, codes, aliases, ignored = [], [], {}, {}, []
    for index, entry in enumerate(entries):
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(name, str) or not name or name in names:
            raise ValueError(f"class {index} has no name, or another's")
        try:
            _check_keys(entry, _CLASS_KEYS)
            color = _integers(entry.get("color"), 0, 255, 3)
            ids = _integers(entry.get("ids", [index]), -1, 255)
            ids = [value % 256 for value in ids]
            others = entry.get("colors", [])
            others = [_integers(other, 0, 255, 3) for other in others]
            for table, keys in ((codes, ids), (aliases, [color, *others])):
                for key in keys:
                    if table.setdefault(key, index) != index:
                        raise ValueError(
                            f"{key} is {names[table[key]]!r} already"
                        )
            if type(entry.get("ignored", False)) is not bool:
                raise ValueError('"ignored" is neither true nor false')
        except (TypeError, ValueError) as error:
            raise ValueError(f"class {name!r}: {error}") from error
        names.append(name)
        colors.append(color)
        ignored += [index] if entry.get("ignored") else []
    if len(ignored) > 1:
        raise ValueError("more than one class is ignored; give one more ids")
    if not ignored:
        if UNLABELED in names:
            raise ValueError(f"the class {UNLABELED!r} must be ignored")
        ignored = [len(names)]
        names.append(UNLABELED)
        colors.append(_own_color(colors, aliases))
    if not 3 <= len(names) <= MOST_CLASSES:
        raise ValueError(
            f"it names {len(names) - 1} classes; 2 to {MOST_CLASSES - 1} can be"
        )
    for index, color in enumerate(colors):
        aliases.pop(color, None) if aliases.get(color) == index else None
    return ClassList(
        name=str(record.get("name", "classes")),
        names=tuple(names),
        colors=tuple(colors),
        unlabeled=ignored[0],
        codes=codes,
        aliases=aliases,
        label_suffix=str(record.get("label_suffix", "")),
    )


def read_classes(source) -> ClassList:
    """Reads the class list that --classes names.

    Args:
        source: Name of one that ships, or path of a JSON file.

    Raises:
        UserError: If there is none, or it is not as it should be.
    """
    path = Path(source)
    if path.suffix != ".json":
        path = ASSETS / f"{source}.json"
    try:
        return from_record(json.loads(path.read_text("utf-8")))
    except OSError as error:
        shipped = ", ".join(sorted(p.stem for p in ASSETS.glob("*.json")))
        raise UserError(
            f"--classes: {source}: {error.strerror}; give a .json file, or "
            f"one of {shipped}"
        ) from error
    except (RecursionError, ValueError) as error:
        raise UserError(f"--classes: {source}: {error}") from error


def check_same(of_model: ClassList, of_data: ClassList, flag: str) -> None:
    """Refuses data of other classes than a network was trained on.

    Args:
        of_model: The network's.
        of_data: The data's.
        flag: What named the data's, such as `--classes=rooms.json`.

    Raises:
        UserError: Saying which differ.
    """
    if of_model.names != of_data.names:
        raise UserError(
            f"{flag}: names {', '.join(of_data.names)}, but the victim was "
            f"trained on {', '.join(of_model.names)}; train one on these: "
            "python -m malicious_ae.train_victim"
        )


CAMVID = read_classes("camvid")
CITYSCAPES = read_classes("cityscapes")
CLASS_LISTS = {"camvid": CAMVID, "cityscapes": CITYSCAPES}
