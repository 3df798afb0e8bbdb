"""Seven green marks on worn glasses, and where the glasses lie in the photo."""

import cv2
import numpy as np

# Centres of the marks on the canvas of the frames, (x, y) in pixels: three
# above from left to right, four below from right to left.
MARKS = np.array(
    [
        [34, 69],
        [114, 67],
        [190, 67],
        [175, 103],
        [134, 100],
        [97, 98],
        [52, 105],
    ],
    np.float32,
)
# A pixel is green if red and blue are below and green is above these.
RED, GREEN, BLUE = 155, 175, 155
_LEAST_PIXELS = 4


class MarksNotFound(ValueError):
    """Fewer than seven marks; `centers` [K, 2] are those that were found."""

    def __init__(self, centers):
        self.centers = centers
        spots = ", ".join(f"({x:.0f}, {y:.0f})" for x, y in centers)
        super().__init__(
            f"shows {len(centers)} green marks where 7 are needed "
            f"({spots or 'none at all'}); the marks must be evenly lit, with "
            f"red and blue below {RED} and green above {GREEN}"
        )


def find_green_marks(image):
    """Finds the centres of the seven marks.

    Pixels within the colour limits are blurred together (sigma 1), so that a
    mark in fragments counts once; the seven largest spots win.

    Args:
        image: uint8 [H, W, 3] RGB.

    Returns:
        float32 [7, 2], (x, y) in the order of `MARKS`.

    Raises:
        MarksNotFound: if there are fewer than seven.
    """
    red, green, blue = cv2.split(image)
    marked = (red < RED) & (green > GREEN) & (blue < BLUE)
    spots = cv2.GaussianBlur(marked.astype(np.float32), (0, 0), 1.0) > 0.25
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(
        spots.astype(np.uint8), connectivity=8
    )
    areas = statistics[1:, cv2.CC_STAT_AREA]
    largest = np.argsort(-areas, kind="stable")[:7]
    centers = []
    for spot in largest[areas[largest] >= _LEAST_PIXELS]:
        y, x = np.nonzero((labels == spot + 1) & marked)
        if len(x):
            centers.append((x.mean(), y.mean()))
    centers = np.array(centers, np.float32).reshape(-1, 2)
    if len(centers) < 7:
        raise MarksNotFound(centers)
    by_height = centers[np.argsort(centers[:, 1], kind="stable")]
    above, below = by_height[:3], by_height[3:]
    return np.concatenate(
        [
            above[np.argsort(above[:, 0])],
            below[np.argsort(-below[:, 0])],
        ]
    )


def photo_to_canvas(centers):
    """The homography that says what a photo's pixels show of the canvas.

    Args:
        centers: [7, 2] of `find_green_marks`.

    Returns:
        float64 [3, 3] with [2, 2] = 1: from a pixel (x, y, 1) of the photo to
        the position on the canvas of the glasses.

    Raises:
        ValueError: if the marks lie on a line.
    """
    matrix, _ = cv2.findHomography(MARKS, np.asarray(centers, np.float32))
    if matrix is None or abs(np.linalg.det(matrix)) < 1e-9:
        raise ValueError("the marks do not span a plane")
    inverse = np.linalg.inv(matrix)
    return inverse / inverse[2, 2]
