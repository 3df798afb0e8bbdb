"""Photos as they might have been taken: a little moved, a little lit."""

import cv2
import numpy as np

# At an amount of 1: of the side, of a turn, of the size, of the light.
SHIFT, TURN, SCALE, LIGHT = 0.02, 3.0, 0.04, 0.2


def draw_motion(side: int, random, amount: float) -> np.ndarray:
    """A random small similarity about a photo's centre.

    Args:
        side: Of the photo in pixels.
        random: numpy.random.Generator.
        amount: 0 for none, 1 for 2 % of shift, 3 degrees, 4 % of size.

    Returns:
        float64 [3, 3], from a pixel of the photo to where it moves.
    """
    centre = (side - 1) / 2
    angle, scale, *shift = random.uniform(-1, 1, 4) * amount
    motion = np.eye(3)
    motion[:2] = cv2.getRotationMatrix2D(
        (centre, centre), TURN * angle, 1.0 + SCALE * scale
    )
    motion[:2, 2] += SHIFT * side * np.array(shift)
    return motion


def vary(face, random, amount: float) -> tuple[np.ndarray, np.ndarray]:
    """Moves a face a little and changes its light.

    Args:
        face: float32 [H, H, 3] in [0, 1].
        random: numpy.random.Generator.
        amount: 0 to leave it as it is; 1 varies light and contrast by a fifth
            and moves it as `draw_motion` says.

    Returns:
        (face, motion): float32 [H, H, 3] in [0, 1]; float64 [3, 3] from a
        pixel of the former to one of the latter.
    """
    side = len(face)
    motion = draw_motion(side, random, amount)
    moved = cv2.warpAffine(
        face,
        motion[:2],
        (side, side),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    light, contrast = 1.0 + LIGHT * amount * random.uniform(-1, 1, 2)
    mean = moved.mean()
    lit = light * (mean + contrast * (moved - mean))
    return np.clip(lit, 0.0, 1.0).astype(np.float32), motion
