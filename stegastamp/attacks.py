"""The damage that a stamped photo meets: the attack grid of the evaluation.

Every attack maps a uint8 RGB photo [H, W, 3] to another one, whose size may
differ, and takes a `numpy.random.Generator`, so that a seed repeats a whole
evaluation. Real codecs are used: `jpeg` is the one of OpenCV (4:2:0), not the
differentiable one that training uses.

    stamped = attacks.find("jpeg_50").apply(stamped, rng)

Fractions named "side" are of the width and of the height; areas are said so.
"""

import dataclasses
from collections.abc import Callable

import cv2
import numpy as np


@dataclasses.dataclass(frozen=True)
class Attack:
    """One way to damage a photo.

    Attributes:
        name: str, unique, fit for a file name and the CSV report.
        label: str, what a reader of a table sees.
        function: function (uint8 [H, W, 3], Generator) -> uint8 [H', W', 3].
    """

    name: str
    label: str
    function: Callable[[np.ndarray, np.random.Generator], np.ndarray]

    def apply(self, image, rng):
        """Damages one photo.

        Args:
            image: uint8 array [H, W, 3], RGB. It is left as it is.
            rng: numpy.random.Generator; only random attacks draw from it.

        Returns:
            uint8 array [H', W', 3], RGB.

        Raises:
            ValueError: if `image` is not uint8 [H, W, 3].
        """
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            raise ValueError(
                "image must be uint8 [height, width, 3], got "
                f"{image.dtype} {list(image.shape)}"
            )
        return self.function(image, rng)


def _to_uint8(values):
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _scaled(length, factor):
    return max(1, round(length * factor))


# Codecs -------------------------------------------------------------------


def identity(image):
    """Returns a copy."""
    return image.copy()


def png(image):
    """Writes and reads a PNG file in memory (lossless)."""
    return through_file(image, ".png", [])


def jpeg(image, quality):
    """Writes and reads a JPEG file in memory; `quality` is 1 to 100."""
    return through_file(
        image,
        ".jpg",
        [
            cv2.IMWRITE_JPEG_QUALITY,
            quality,
            # The default of cameras and of the web, said here because the
            # default of OpenCV may change.
            cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
            cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
        ],
    )


def through_file(image, suffix, parameters):
    """Writes and reads a file in memory, with OpenCV's parameters."""
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(suffix, bgr, parameters)
    return cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


# Geometry -----------------------------------------------------------------


def flip(image):
    """Mirrors left and right."""
    return np.ascontiguousarray(image[:, ::-1])


def rotate(image, degrees):
    """Turns counter-clockwise about the centre; same size, black outside.

    A quarter turn is exact and swaps width and height.
    """
    if degrees == 90:
        return np.ascontiguousarray(np.rot90(image))
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D(
        ((width - 1) / 2, (height - 1) / 2), degrees, 1.0
    )
    return cv2.warpAffine(image, matrix, (width, height))


def resize(image, factor):
    """Shrinks both sides by `factor` (0 to 1), and leaves the photo small."""
    height, width = image.shape[:2]
    size = _scaled(width, factor), _scaled(height, factor)
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def resize_and_back(image, factor):
    """Shrinks both sides by `factor`, then enlarges to the size it had."""
    height, width = image.shape[:2]
    small = resize(image, factor)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def crop_center(image, side):
    """Keeps the middle `side` (0 to 1) of width and height, at its size."""
    return _crop(image, side, 0.5, 0.5)


def crop_random(image, side, rng):
    """Keeps `side` (0 to 1) of width and height, anywhere in the photo."""
    return _crop(image, side, rng.random(), rng.random())


def _crop(image, side, across, down):
    height, width = image.shape[:2]
    new_height, new_width = _scaled(height, side), _scaled(width, side)
    top = round((height - new_height) * down)
    left = round((width - new_width) * across)
    return image[top : top + new_height, left : left + new_width].copy()


def crop_margins(image, margin):
    """Cuts `margin` (0 to .5) of the side off each of the four sides."""
    height, width = image.shape[:2]
    rows = min(round(height * margin), (height - 1) // 2)
    columns = min(round(width * margin), (width - 1) // 2)
    return image[rows : height - rows, columns : width - columns].copy()


def perspective(image, distortion, rng):
    """A view from aside: each corner moves inwards; black outside.

    Args:
        image: uint8 [H, W, 3].
        distortion: float, 0 to 1: a corner moves inwards by up to this
            fraction of *half* the side (uniform, each axis on its own).
        rng: numpy.random.Generator.
    """
    inwards = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    return _move_corners(
        image, inwards * rng.uniform(0, distortion / 2, (4, 2))
    )


def move_corners(image, fraction, rng):
    """Moves each corner by exactly `fraction` of the width and the height.

    In a random direction (in or out on each axis), so that parts of the photo
    leave the frame and black comes in.
    """
    return _move_corners(image, fraction * rng.choice([-1.0, 1.0], (4, 2)))


def _move_corners(image, offsets):
    """Warps by corner `offsets` [4, 2]: (x, y) in fractions of the side."""
    height, width = image.shape[:2]
    far = np.array([width - 1, height - 1], np.float64)
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * far
    moved = corners + offsets * [width, height]
    matrix = cv2.getPerspectiveTransform(
        corners.astype(np.float32), moved.astype(np.float32)
    )
    return cv2.warpPerspective(image, matrix, (width, height))


def erase(image, area, rng):
    """Blackens a rectangle of the photo's shape and of `area` (0 to 1)."""
    height, width = image.shape[:2]
    rows, columns = _scaled(height, area**0.5), _scaled(width, area**0.5)
    top = rng.integers(0, height - rows + 1)
    left = rng.integers(0, width - columns + 1)
    result = image.copy()
    result[top : top + rows, left : left + columns] = 0
    return result


# Filters and noise --------------------------------------------------------


def gaussian_blur(image, size):
    """Gaussian blur of a `size` x `size` kernel.

    sigma = .3 * ((size - 1) / 2 - 1) + .8 pixels, the rule of OpenCV.
    """
    return cv2.GaussianBlur(image, (size, size), 0)


def median(image, size):
    """Median filter of `size` x `size` (3 or 5)."""
    return cv2.medianBlur(image, size)


def noise(image, sigma, rng):
    """Adds Gaussian noise; `sigma` is in units of the full range (255)."""
    return _to_uint8(image + 255 * sigma * rng.standard_normal(image.shape))


# Colour -------------------------------------------------------------------


def brightness(image, factor):
    """Multiplies every value by `factor` and clips."""
    return _to_uint8(image.astype(np.float64) * factor)


def contrast(image, factor):
    """Moves every value from the mean luma of the photo by `factor`."""
    mean = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).mean()
    return _to_uint8(mean + (image.astype(np.float64) - mean) * factor)


def saturation(image, factor):
    """Moves every pixel from its own luma by `factor` (0 removes colour)."""
    luma = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None].astype(float)
    return _to_uint8(luma + (image - luma) * factor)


def hue(image, turn):
    """Turns the hue by `turn` of the whole colour circle (-.5 to .5)."""
    hsv = cv2.cvtColor(
        image.astype(np.float32) / 255, cv2.COLOR_RGB2HSV
    )  # hue in degrees
    hsv[..., 0] = (hsv[..., 0] + 360 * turn) % 360
    return _to_uint8(255 * cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB))


def grayscale(image):
    """Luma in all three channels."""
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB)


# Chains -------------------------------------------------------------------


def combination(image, quality):
    """JPEG at `quality`, then a centre crop of .71 a side, then half light."""
    return brightness(crop_center(jpeg(image, quality), 0.71), 0.5)


def screenshot(image):
    """A photo seen small on a screen, saved as JPEG 50, enlarged again."""
    height, width = image.shape[:2]
    small = jpeg(resize(image, 0.5), 50)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


# The grid -----------------------------------------------------------------


def _fixed(name, label, function, *parameters):
    return Attack(name, label, lambda image, rng: function(image, *parameters))


def _random(name, label, function, *parameters):
    return Attack(
        name, label, lambda image, rng: function(image, *parameters, rng)
    )


HEADLINE = (
    _fixed("png", "PNG", png),
    _fixed("jpeg_80", "JPEG 80", jpeg, 80),
    _fixed("jpeg_50", "JPEG 50", jpeg, 50),
    _fixed("jpeg_25", "JPEG 25", jpeg, 25),
    _fixed("resize_0.25_back", "resize .25 and back", resize_and_back, 0.25),
    _fixed("blur_9", "blur 9", gaussian_blur, 9),
    _random("noise_0.05", "noise .05", noise, 0.05),
    _fixed("brightness_1.5", "brightness x1.5", brightness, 1.5),
    _fixed("crop_margins_0.05", "crop of 5 % a side", crop_margins, 0.05),
    _random("corners_0.03", "corners moved by 3 %", move_corners, 0.03),
)

_GRID = (
    _fixed("identity", "none", identity),
    _fixed("hflip", "mirrored", flip),
    *(
        _fixed(f"rotate_{angle}", f"rotation {angle} degrees", rotate, angle)
        for angle in (5, 10, 30, 45, 90)
    ),
    *(
        _fixed(f"resize_{factor}", f"resize {factor}", resize, factor)
        for factor in (0.32, 0.5, 0.71, 0.89)
    ),
    *(
        _fixed(f"crop_center_{side}", f"centre crop {side}", crop_center, side)
        for side in (0.32, 0.5, 0.71, 0.89)
    ),
    *(
        _random(f"crop_random_{side}", f"random crop {side}", crop_random, side)
        for side in (0.32, 0.5, 0.71, 0.89)
    ),
    *(
        _random(f"perspective_{d}", f"perspective {d}", perspective, d)
        for d in (0.1, 0.2, 0.3, 0.4, 0.5)
    ),
    *(
        _fixed(f"jpeg_{quality}", f"JPEG {quality}", jpeg, quality)
        for quality in (10, 40, 60, 70, 90)
    ),
    *(
        _fixed(f"blur_{size}", f"blur {size}", gaussian_blur, size)
        for size in (3, 5, 13, 17)
    ),
    *(
        _fixed(f"median_{size}", f"median {size}", median, size)
        for size in (3, 5)
    ),
    *(
        _random(f"noise_{sigma}", f"noise {sigma}", noise, sigma)
        for sigma in (0.02, 0.1)
    ),
    *(
        _fixed(f"brightness_{f}", f"brightness x{f}", brightness, f)
        for f in (0.5, 0.75, 1.25, 2)
    ),
    *(
        _fixed(f"contrast_{f}", f"contrast x{f}", contrast, f)
        for f in (0.5, 0.75, 1.25, 1.5, 2)
    ),
    *(
        _fixed(f"saturation_{f}", f"saturation x{f}", saturation, f)
        for f in (0, 0.5, 2)
    ),
    *(_fixed(f"hue_{t}", f"hue {t:+}", hue, t) for t in (-0.1, 0.1)),
    _fixed("grayscale", "grayscale", grayscale),
    *(
        _random(f"erase_{area}", f"erased area {area}", erase, area)
        for area in (0.1, 0.25)
    ),
    *(
        _fixed(
            f"combination_jpeg_{quality}",
            f"JPEG {quality}, crop .71, brightness .5",
            combination,
            quality,
        )
        for quality in (40, 60, 80)
    ),
    _fixed("screenshot", "screenshot chain", screenshot),
)

ALL = HEADLINE + _GRID


def find(name):
    """Returns the attack called `name`.

    Raises:
        ValueError: if there is none; the message lists the names.
    """
    for attack in ALL:
        if attack.name == name:
            return attack
    known = ", ".join(attack.name for attack in ALL)
    raise ValueError(f"unknown attack {name!r}; there are {known}")
