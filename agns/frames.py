"""Eyeglass frames: their mask, their place, and faces that wear them.

Numpy and OpenCV only; the differentiable twins are the layers BlackPadding
and FaceAdder.
"""

from pathlib import Path

import cv2
import numpy as np

from shared.errors import UserError
from shared.images import read_photo
from shared.photo_folders import photos_of

# Side of an aligned face, and of the canvas on which frames lie.
CANONICAL_SIZE = 224
MASK_FILE = Path(__file__).parent / "assets" / "frame_mask.png"
# Where the generator's 64 x 176 pixels lie on the canvas (rows 53 to 116,
# columns 25 to 200, as the port has it; the original begins at 52 and 24).
TOP, LEFT, HEIGHT, WIDTH = 53, 25, 64, 176


def load_mask(path=MASK_FILE):
    """The frame's mask.

    Returns:
        float32 [224, 224]: 1 on the frame, else 0 (threshold 50 of 255).

    Raises:
        UserError: if it cannot be read or has another size.
    """
    pixels = read_photo(path).rgb8
    if pixels.shape[:2] != (CANONICAL_SIZE, CANONICAL_SIZE):
        raise UserError(
            f"--mask: {path} is {pixels.shape[1]} x {pixels.shape[0]} pixels; "
            f"a mask has {CANONICAL_SIZE} x {CANONICAL_SIZE}"
        )
    mask = (pixels[..., 0] > 50).astype(np.float32)
    outside = mask.copy()
    outside[TOP : TOP + HEIGHT, LEFT : LEFT + WIDTH] = 0
    if outside.any() or not mask.any():
        raise UserError(
            f"--mask: {path}: must be white somewhere within the generator's "
            f"rows {TOP} to {TOP + HEIGHT - 1} and columns {LEFT} to "
            f"{LEFT + WIDTH - 1}, and black elsewhere"
        )
    return mask


def crop(canvas):
    """The generator's part of canvases [..., 224, 224, 3]."""
    return canvas[..., TOP : TOP + HEIGHT, LEFT : LEFT + WIDTH, :]


def load_frames(images_dir, limit=0):
    """Reads pictures of frames, as the generator draws them.

    Args:
        images_dir: Folder of 224 x 224 pictures, frames on black, in place;
            or of crops of 64 x 176.
        limit: Read so many, the first by name; 0 reads all.

    Returns:
        uint8 [N, 64, 176, 3] RGB.

    Raises:
        UserError: if the folder is missing or empty, or a picture has another
            size.
    """
    frames = []
    for path in photos_of(images_dir)[: limit or None]:
        pixels = read_photo(path).rgb8
        if pixels.shape[:2] == (CANONICAL_SIZE, CANONICAL_SIZE):
            pixels = crop(pixels)
        if pixels.shape[:2] != (HEIGHT, WIDTH):
            raise UserError(
                f"{path}: is {pixels.shape[1]} x {pixels.shape[0]} pixels; "
                f"frames have {CANONICAL_SIZE} x {CANONICAL_SIZE}, or "
                f"{WIDTH} x {HEIGHT} when cropped"
            )
        frames.append(pixels)
    return np.stack(frames)


def place(glasses, mask):
    """Glasses on a black canvas, cut to the frame.

    Args:
        glasses: [N, 64, 176, 3] float in [-1, 1].
        mask: [224, 224], 1 on the frame.

    Returns:
        float32 [N, 224, 224, 3] in [-1, 1], -1 off the frame.
    """
    canvas = np.zeros((len(glasses), *mask.shape, 3), np.float32)
    crop(canvas)[:] = glasses + np.float32(1.0)
    return canvas * mask[..., None] - 1.0


def wear(glasses, faces, mask, homographies=None):
    """Faces with glasses on, as `FaceAdder` draws them.

    Args:
        glasses: [N, 64, 176, 3] float in [-1, 1].
        faces: [N, 224, 224, 3] float in [0, 1].
        mask: [224, 224], 1 on the frame.
        homographies: optional [N, 3, 3], from a pixel of a face to the
            position on the canvas that it shows.

    Returns:
        float32 [N, 224, 224, 3] in [0, 1].
    """
    light = place(glasses, mask) + np.float32(1.0)
    masks = np.broadcast_to(mask[..., None], (len(faces), *mask.shape, 1))
    if homographies is not None:
        light = _warp(light, homographies)
        masks = _warp(masks, homographies)
    return light / 2.0 + faces * (1.0 - masks)


def _warp(images, homographies):
    """Each image sampled at H (x, y, 1), bilinear, black outside."""
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = images.shape[2], images.shape[1]
    warped = [
        cv2.warpPerspective(image, np.asarray(h, float), size, flags=flags)
        for image, h in zip(images, homographies, strict=True)
    ]
    return np.stack(warped).reshape(images.shape)
