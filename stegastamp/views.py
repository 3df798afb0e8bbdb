"""Ways of looking at a photo that was cropped, framed, mirrored or turned."""

import dataclasses

import cv2
import numpy as np

from shared.errors import check_choice

# Corners in the order top left, top right, bottom right, bottom left.
_UNIT = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)

# Between them a tilt finds the rest.
TURNED = (-3.0, 3.0, -6.0, 6.0)


@dataclasses.dataclass(frozen=True)
class View:
    """The quadrilateral of a photo that the network is shown.

    Attributes:
        name: str.
        corners: four (x, y), from the top left clockwise, in units of the
            photo's sides; what lies outside the photo repeats its edge.
        turns: int, quarter turns counter-clockwise applied before.
        tilts: bool, whether `stegastamp.align` may start here.
        degrees: float, how far clockwise the corners are turned about the
            middle of the photo.
    """

    name: str
    corners: tuple = tuple(map(tuple, _UNIT.tolist()))
    turns: int = 0
    tilts: bool = True
    degrees: float = 0.0

    def place(self, aspect):
        """The corners in a photo of width / height `aspect`, float32 [4, 2]."""
        corners = np.asarray(self.corners) - 0.5
        angle = np.deg2rad(self.degrees)
        x, y = corners.T * [[aspect], [1.0]]
        turned = np.stack(
            [
                (np.cos(angle) * x - np.sin(angle) * y) / aspect,
                np.sin(angle) * x + np.cos(angle) * y,
            ],
            axis=1,
        )
        return (turned + 0.5).astype(np.float32)

    def moved(self, offsets):
        """This view with its corners moved by `offsets` [4, 2]."""
        corners = np.asarray(self.corners) + offsets
        return dataclasses.replace(
            self,
            name=f"aligned, {self.name}",
            corners=tuple(map(tuple, corners.tolist())),
        )


def cropped(left, top, right, bottom):
    """The view that undoes a crop of these shares of the original's sides.

    A negative share undoes a border that was added around the original.
    """
    width, height = 1 - left - right, 1 - top - bottom
    percent = [round(100 * side, 1) for side in (left, top, right, bottom)]
    if len(set(percent)) == 1:
        name = f"uncrop {percent[0]:g} %"
    else:
        name = "uncrop " + "/".join(f"{side:g}" for side in percent) + " %"
    first = np.array([-left / width, -top / height])
    last = np.array([1 + right / width, 1 + bottom / height])
    corners = first + _UNIT * (last - first)
    return View(name, tuple(map(tuple, corners.tolist())))


def _basic_views():
    shares = (0.05, 0.1, 0.025, -0.025, -0.05)
    mirrored = tuple(map(tuple, _UNIT[[1, 0, 3, 2]].tolist()))
    return [
        View("whole"),
        *(cropped(*[share] * 4) for share in shares),
        # Of a photo that is not mirrored the network may be surest here, by a
        # hair, and the tilt would start at nothing.
        View("mirrored", mirrored, tilts=False),
    ]


def _more_views():
    views = [cropped(*[share] * 4) for share in (0.125, 0.15)]
    # The same amount gone, but all of it from one corner or one side: what a
    # hand-drawn crop looks like.
    for amount in (0.05, 0.1):
        for x in (0, 0.5, 1):
            for y in (0, 0.5, 1):
                if (x, y) != (0.5, 0.5):
                    views.append(
                        cropped(
                            amount * x,
                            amount * y,
                            amount * (1 - x),
                            amount * (1 - y),
                        )
                    )
    return views


def _turned(view, turns):
    name = f"turned {90 * turns}, {view.name}"
    return dataclasses.replace(view, name=name, turns=turns)


_BASIC = tuple(_basic_views())
_FAST = (
    *_BASIC,
    *(
        View(f"turned by {degrees:g} degrees", degrees=degrees)
        for degrees in TURNED
    ),
    cropped(*[0.075] * 4),
    cropped(*[-0.1] * 4),
)
_MORE = tuple(_more_views())
# A photo that was turned by a quarter of a turn is seldom askew as well.
_TURNED = tuple(_turned(view, turns) for turns in (1, 2, 3) for view in _BASIC)
# By the name of each setting, the groups of views that it looks at.
VIEWS = {"fast": (_FAST,), "thorough": (_FAST, _MORE)}


def list_views(views="fast", rotations=False):
    """The groups of fixed views that `Decoder.decode` tries, in order.

    A wider setting begins with the groups of every narrower one, so that it
    finds what they find.

    Args:
        views: "fast" or "thorough".
        rotations: bool, also the three quarter turns of the fast views.

    Returns:
        list of tuples of View; the first view is the whole photo.

    Raises:
        ValueError: for another name.
    """
    check_choice("views", views, VIEWS)
    return [*VIEWS[views], *([_TURNED] if rotations else [])]


def count_views(views="fast", rotations=False):
    """How many fixed views `list_views` gives in all."""
    return sum(map(len, list_views(views, rotations)))


def look(copy, view, height, width, aspect=1.0):
    """Cuts one view from a photo.

    Args:
        copy: float32 [2 height, 2 width, C], the photo at twice the size
            wanted, so that cutting costs no sharpness.
        view: View.
        height: int, pixels.
        width: int, pixels.
        aspect: float, width / height of the photo that `copy` was made of.

    Returns:
        float32 [height, width, C].
    """
    if view.turns % 2:
        aspect = 1.0 / aspect
    copy = np.ascontiguousarray(np.rot90(copy, view.turns))
    rows, columns = copy.shape[:2]
    # Pixel centres are at half integers of the continuous axes.
    matrix = cv2.getPerspectiveTransform(
        _UNIT * np.float32([2 * width, 2 * height]) - np.float32(0.5),
        view.place(aspect) * np.float32([columns, rows]) - np.float32(0.5),
    )
    seen = cv2.warpPerspective(
        copy,
        matrix,
        (2 * width, 2 * height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return cv2.resize(seen, (width, height), interpolation=cv2.INTER_AREA)
