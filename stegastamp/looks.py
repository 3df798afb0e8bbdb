"""What is done to a stamp while it is refined, and how gradients come back.

Damage is real: OpenCV's codecs, on 8-bit pixels. Backward, a codec, noise,
blur and rounding count as doing nothing (straight-through), brightness as its
gain where nothing was clipped, and a warp as the warp back.
"""

import dataclasses

import cv2
import numpy as np

from stegastamp.attacks import jpeg, through_file

NOISE = 0.05 * 255
_UNIT = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)


@dataclasses.dataclass(frozen=True)
class Canvas:
    """What looks of one photo have in common.

    Attributes:
        height: Of the network, in pixels.
        width: Of the network, in pixels.
        noise: float32 [h, w, 3], standard normal, of the photo's size.
        quarter: (width, height) of a fourth of the whole photo, of which the
            one that is damaged may be a smaller copy.
    """

    height: int
    width: int
    noise: np.ndarray
    quarter: tuple[int, int]

    def shrink(self, photo):
        """A uint8 photo as the network sees it: float32 in [0, 1]."""
        size = (self.width, self.height)
        small = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
        return small * np.float32(1 / 255)


def _keep(gradient):
    return gradient


def _scaled(canvas, stamped, gain):
    photo = cv2.convertScaleAbs(stamped, alpha=gain)
    # Shares of the pixels under one of the network's that are not clipped.
    open_ = cv2.compare(photo, 254, cv2.CMP_LE)
    share = canvas.shrink(open_) * np.float32(gain)
    return canvas.shrink(photo), lambda gradient: gradient * share


def _warped(canvas, stamped, offsets, quality):
    height, width = stamped.shape[:2]

    def matrix(width, height):
        sides = np.float32([width, height])
        corners = (_UNIT + np.float32(offsets)) * sides
        return cv2.getPerspectiveTransform(_UNIT * sides, corners)

    photo = cv2.warpPerspective(
        stamped,
        matrix(width, height),
        (width, height),
        borderMode=cv2.BORDER_REPLICATE,
    )
    there = matrix(canvas.width, canvas.height)

    def back(gradient):
        return cv2.warpPerspective(
            gradient,
            there,
            (canvas.width, canvas.height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        )

    return canvas.shrink(jpeg(photo, quality)), back


def darker(canvas, stamped, random):
    """At 50 to 80 % of the brightness."""
    return _scaled(canvas, stamped, random.uniform(0.5, 0.8))


def brighter(canvas, stamped, random):
    """At 120 to 160 % of the brightness, clipped."""
    return _scaled(canvas, stamped, random.uniform(1.2, 1.6))


def good_jpeg(canvas, stamped, random):
    """JPEG of quality 50 to 90."""
    photo = jpeg(stamped, int(random.integers(50, 91)))
    return canvas.shrink(photo), _keep


def poor_jpeg(canvas, stamped, random):
    """JPEG of quality 20 to 50."""
    photo = jpeg(stamped, int(random.integers(20, 51)))
    return canvas.shrink(photo), _keep


def poor_webp(canvas, stamped, random):
    """WebP of quality 40 to 70."""
    quality = int(random.integers(40, 71))
    photo = through_file(stamped, ".webp", [cv2.IMWRITE_WEBP_QUALITY, quality])
    return canvas.shrink(photo), _keep


def noisy(canvas, stamped, random):
    """Gaussian noise of a standard deviation of .05."""
    shift = random.integers(0, canvas.noise.shape[0])
    noise = np.roll(canvas.noise, shift, axis=0)
    photo = cv2.addWeighted(
        stamped.astype(np.float32), 1.0, noise, NOISE, 0.0, dtype=cv2.CV_8U
    )
    return canvas.shrink(photo), _keep


def blurred(canvas, stamped, random):
    """A Gaussian of 9 pixels."""
    return canvas.shrink(cv2.GaussianBlur(stamped, (9, 9), 0)), _keep


def shrunk(canvas, stamped, random):
    """A fourth of the width and of the height, and back."""
    height, width = stamped.shape[:2]
    small = tuple(
        min(s) for s in zip(canvas.quarter, (width, height), strict=True)
    )
    photo = cv2.resize(stamped, small, interpolation=cv2.INTER_AREA)
    photo = cv2.resize(photo, (width, height), interpolation=cv2.INTER_LINEAR)
    size = canvas.width, canvas.height
    least = tuple(min(s) for s in zip(canvas.quarter, size, strict=True))

    def back(gradient):
        # What the small photo cannot show gives none.
        if least == size:
            return gradient
        coarse = cv2.resize(gradient, least, interpolation=cv2.INTER_AREA)
        return cv2.resize(coarse, size, interpolation=cv2.INTER_LINEAR)

    return canvas.shrink(photo), back


def tilted(canvas, stamped, random):
    """Corners moved by up to 3 % of the sides, then JPEG of quality 60."""
    return _warped(canvas, stamped, random.uniform(-0.03, 0.03, (4, 2)), 60)


def shifted(canvas, stamped, random):
    """Edges moved by up to 3 % of the sides, then JPEG of quality 60."""
    left, top, right, bottom = random.uniform(-0.03, 0.03, 4)
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return _warped(canvas, stamped, corners, 60)


# What a stamp holds out against, by name: in each step one look of each slot,
# which take turns.
LOOKS = {
    "web": ((good_jpeg,), (poor_jpeg, good_jpeg), (shifted, brighter, darker)),
    "print": (
        (brighter, darker, brighter),
        (poor_jpeg, poor_webp),
        (noisy, blurred, shrunk, poor_jpeg),
        (tilted,),
        (shifted, tilted),
    ),
}
