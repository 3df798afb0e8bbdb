"""The classes of the data sets: names, colours, encodings in their files."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class ClassList:
    """What a data set's label maps mean.

    Attributes:
        name: Name of the data set.
        names: Class names; a class's index is its place.
        colors: uint8 RGB of each class.
        unlabeled: Index of the class of pixels that nobody labelled.
        codes: Class index by value in a label file.
        aliases: Class index by a colour that is read as that class too.
    """

    name: str
    names: tuple[str, ...]
    colors: tuple[tuple[int, int, int], ...]
    unlabeled: int
    codes: dict[int, int]
    aliases: dict[tuple[int, int, int], int]

    @property
    def count(self) -> int:
        """Number of classes, unlabelled included."""
        return len(self.names)

    @property
    def palette(self) -> np.ndarray:
        """uint8 [count, 3]."""
        return np.array(self.colors, np.uint8)

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


_CAMVID = {
    "sky": (128, 128, 128),
    "building": (128, 0, 0),
    "pole": (192, 192, 128),
    "road": (128, 64, 128),
    "pavement": (60, 40, 222),
    "tree": (128, 128, 0),
    "sign_symbol": (192, 128, 128),
    "fence": (64, 64, 128),
    "car": (64, 0, 128),
    "pedestrian": (64, 64, 0),
    "bicyclist": (0, 128, 192),
    "unlabeled": (0, 0, 0),
}
_CITYSCAPES = {
    "unlabeled": (0, 0, 0),
    "road": (128, 64, 128),
    "sidewalk": (244, 35, 232),
    "building": (70, 70, 70),
    "wall": (102, 102, 156),
    "fence": (190, 153, 153),
    "pole": (153, 153, 153),
    "traffic_light": (250, 170, 30),
    "traffic_sign": (220, 220, 0),
    "vegetation": (107, 142, 35),
    "terrain": (152, 251, 152),
    "sky": (70, 130, 180),
    "person": (220, 20, 60),
    "rider": (255, 0, 0),
    "car": (0, 0, 142),
    "truck": (0, 0, 70),
    "bus": (0, 60, 100),
    "train": (0, 80, 100),
    "motorcycle": (0, 0, 230),
    "bicycle": (119, 11, 32),
}
# labelIds of the 19 classes that Cityscapes evaluates, in its order.
_CITYSCAPES_IDS = (
    *(7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28),
    *(31, 32, 33),
)

CAMVID = ClassList(
    name="camvid",
    names=tuple(_CAMVID),
    colors=tuple(_CAMVID.values()),
    unlabeled=11,
    codes={index: index for index in range(12)},
    # Road markings are road in the 11-class form.
    aliases={(255, 69, 0): 3},
)
CITYSCAPES = ClassList(
    name="cityscapes",
    names=tuple(_CITYSCAPES),
    colors=tuple(_CITYSCAPES.values()),
    unlabeled=0,
    codes=dict.fromkeys(range(-1, 34), 0)
    | {code: index for index, code in enumerate(_CITYSCAPES_IDS, 1)}
    # -1, the licence plate, is 255 in an 8-bit file.
    | {255: 0},
    aliases={},
)
CLASS_LISTS = {"camvid": CAMVID, "cityscapes": CITYSCAPES}
